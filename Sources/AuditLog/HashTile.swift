/// Up to 256 hashes of one level of the tree, side by side: the unit in which a log's hashes are stored and served (C2SP tlog-tiles).
public struct HashTile: Hashable, Sendable {
    /// Which tile.
    public let coordinate: TileCoordinate
    /// The hashes, as many as the tile is wide.
    public let hashes: [TreeHash]

    /// Puts a tile together from the hashes of complete subtrees; nil for the coordinate of a bundle of entries.
    ///
    /// - Parameter hash: the hash of a node; asked for the tile's own nodes, which lie at levels that are multiples of 8.
    public init?<Failure: Error>(
        _ coordinate: TileCoordinate,
        hash: (TreeNode) throws(Failure) -> TreeHash
    ) throws(Failure) {
        guard case .hashes = coordinate.content else { return nil }
        var hashes: [TreeHash] = []
        hashes.reserveCapacity(coordinate.width)
        for node in coordinate.nodes { hashes.append(try hash(node)) }
        self.coordinate = coordinate
        self.hashes = hashes
    }

    /// Reads the bytes of a tile; nil when they are not 32 for each hash, or the coordinate is that of a bundle of entries.
    public init?(_ coordinate: TileCoordinate, bytes: [UInt8]) {
        guard case .hashes = coordinate.content, bytes.count == coordinate.width * TreeHash.byteCount else {
            return nil
        }
        self.coordinate = coordinate
        self.hashes = (0..<coordinate.width).compactMap { TreeHash(bytes: bytes[$0 * 32..<$0 * 32 + 32]) }
    }

    /// The bytes that are stored and served: 8,192 for a full tile.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.hashes.count * TreeHash.byteCount)
        for hash in self.hashes { hash.withBytes { bytes.append(contentsOf: $0) } }
        return bytes
    }

    /// The hash of a node that lies in the tile, at one of the tile's hashes or above up to 7 levels; nil for any other node.
    public func hash(of node: TreeNode) -> TreeHash? {
        guard case .hashes(let level) = self.coordinate.content, node.level / 8 == level else { return nil }
        let height = UInt64(node.level % 8)
        guard node.index >> (8 - height) == self.coordinate.index else { return nil }
        let start = Int(node.index << height & 0xFF)
        let end = start + 1 << Int(height)
        guard end <= self.hashes.count else { return nil }
        return MerkleTree.root(of: self.hashes[start..<end])
    }
}

/// The leaves of up to 256 entries in one piece: each as its length in two bytes, most significant first, and its bytes (C2SP tlog-tiles).
public enum EntryBundle {
    /// Puts a bundle together; nil when a leaf is longer than 65,535 bytes, which no ``LogLeaf`` is.
    public static func bytes(of leaves: some Sequence<[UInt8]>) -> [UInt8]? {
        var bytes: [UInt8] = []
        for leaf in leaves {
            guard let count = UInt16(exactly: leaf.count) else { return nil }
            bytes.append(UInt8(count >> 8))
            bytes.append(UInt8(count & 0xFF))
            bytes.append(contentsOf: leaf)
        }
        return bytes
    }

    /// Takes a bundle apart; nil when it ends in the middle of a leaf.
    public static func leaves(in bytes: [UInt8]) -> [[UInt8]]? {
        var leaves: [[UInt8]] = []
        var at = 0
        while at < bytes.count {
            guard at + 2 <= bytes.count else { return nil }
            let end = at + 2 + Int(bytes[at]) << 8 + Int(bytes[at + 1])
            guard end <= bytes.count else { return nil }
            leaves.append(Array(bytes[at + 2..<end]))
            at = end
        }
        return leaves
    }
}
