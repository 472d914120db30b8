/// Which tile of the log: a run of up to 256 hashes of one level, or of 256 entries (C2SP tlog-tiles).
public struct TileCoordinate: Hashable, Sendable {
    /// What a tile holds.
    public enum Content: Hashable, Sendable {
        /// Hashes: of leaves at level 0, of whole tiles of the level below from level 1 on. A level stands for 8 levels of the tree.
        case hashes(level: Int)
        /// The entries' leaves themselves, as an ``EntryBundle``.
        case entries
    }

    /// How many hashes or entries a full tile has.
    public static let fullWidth = 256
    /// The highest level that a log of 2^64 - 1 entries reaches.
    public static let maximumLevel = 7

    /// What the tile holds.
    public let content: Content
    /// The position among the tiles of its level, from 0.
    public let index: UInt64
    /// How many hashes or entries it has: 256 when it is full, fewer at the right edge of the log.
    public let width: Int

    /// Names a tile; nil when the level is not 0 to 7, the width not 1 to 256, or the index beyond any log.
    public init?(_ content: Content, index: UInt64, width: Int = TileCoordinate.fullWidth) {
        let level = if case .hashes(let level) = content { level } else { 0 }
        guard 0...Self.maximumLevel ~= level, 1...Self.fullWidth ~= width else { return nil }
        guard index <= UInt64.max >> UInt64(8 * level + 8) else { return nil }
        self.init(checked: content, index: index, width: width)
    }

    private init(checked content: Content, index: UInt64, width: Int) {
        self.content = content
        self.index = index
        self.width = width
    }

    /// The tiles of hashes that a log of a size has and a log of an older size has not, or has narrower.
    ///
    /// With 0 for the older size: all tiles of hashes.
    public static func hashTiles(from oldSize: UInt64, to newSize: UInt64) -> [TileCoordinate] {
        (0...Self.maximumLevel).flatMap { level in
            let shift = UInt64(8 * level)
            return Self.tiles(.hashes(level: level), from: oldSize >> shift, to: newSize >> shift)
        }
    }

    /// The bundles of entries that a log of a size has and a log of an older size has not, or has shorter.
    public static func entryBundles(from oldSize: UInt64, to newSize: UInt64) -> [TileCoordinate] {
        Self.tiles(.entries, from: oldSize, to: newSize)
    }

    /// The tile in which the hash of a node is found, or can be computed, in a log of a size; nil when the log has no such node.
    public init?(containing node: TreeNode, inLogOf size: UInt64) {
        let level = node.level / 8
        guard 0..<64 ~= node.level, node.index < size >> UInt64(node.level) else { return nil }
        let index = node.index >> UInt64(8 - node.level % 8)
        let width = min(size >> UInt64(8 * level) - index * 256, UInt64(Self.fullWidth))
        self.init(checked: .hashes(level: level), index: index, width: Int(width))
    }

    /// The nodes whose hashes a tile of hashes holds, or the leaves of the entries in a bundle, in order.
    public var nodes: [TreeNode] {
        let level = if case .hashes(let level) = self.content { level } else { 0 }
        return (0..<UInt64(self.width)).map { TreeNode(level: 8 * level, index: self.index * 256 + $0) }
    }

    private static func tiles(_ content: Content, from old: UInt64, to new: UInt64) -> [TileCoordinate] {
        guard old < new else { return [] }
        return (old / 256...(new - 1) / 256).map { index in
            TileCoordinate(checked: content, index: index, width: Int(min(new - index * 256, 256)))
        }
    }
}

extension TileCoordinate {
    /// The path below the log's prefix, such as `tile/0/x001/234` or `tile/entries/000.p/112`.
    public var path: String {
        let level = if case .hashes(let level) = self.content { String(level) } else { "entries" }
        var groups: [String] = []
        var rest = self.index
        repeat {
            let digits = String(rest % 1000)
            let padded = String(repeating: "0", count: 3 - digits.count) + digits
            groups.insert(groups.isEmpty ? padded : "x" + padded, at: 0)
            rest /= 1000
        } while rest > 0
        let partial = self.width < Self.fullWidth ? ".p/\(self.width)" : ""
        return "tile/\(level)/\(groups.joined(separator: "/"))\(partial)"
    }

    /// Reads a path below the log's prefix; nil unless it is exactly the ``path`` of a tile.
    public init?(path: String) {
        guard path.utf8.count <= 64 else { return nil }
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)[...]
        guard parts.popFirst() == "tile", let name = parts.popFirst(), !parts.isEmpty else { return nil }
        var width = Self.fullWidth
        if parts.count >= 2, parts[parts.endIndex - 2].hasSuffix(".p"), let last = parts.popLast() {
            guard let number = Int(last), number < Self.fullWidth else { return nil }
            width = number
            parts[parts.endIndex - 1].removeLast(2)
        }
        var index: UInt64 = 0
        for part in parts {
            guard let group = UInt64(part.drop { $0 == "x" }), group < 1000 else { return nil }
            let (shifted, overflow) = index.multipliedReportingOverflow(by: 1000)
            guard !overflow else { return nil }
            let sum = shifted.addingReportingOverflow(group)
            guard !sum.overflow else { return nil }
            index = sum.partialValue
        }
        guard let level = name == "entries" ? 0 : Int(name) else { return nil }
        self.init(name == "entries" ? .entries : .hashes(level: level), index: index, width: width)
        // The reading above is lax about spelling; that the same path comes out is what makes it exact.
        guard self.path == path else { return nil }
    }
}
