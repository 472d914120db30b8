package import AuditLog

extension Reader {
    /// A tile of hashes; nil when the log does not have as much. Reads as many rows as the tile is wide.
    package func logTile(_ coordinate: TileCoordinate) throws(StoreError) -> HashTile? {
        guard case .hashes(let level) = coordinate.content, let head = try self.logHead() else { return nil }
        guard Self.isWithin(coordinate, level: level, size: UInt64(head.size)) else { return nil }
        return try self.tile(coordinate)
    }

    /// The leaves of a bundle of entries; nil when the log does not have as many.
    package func logLeaves(_ coordinate: TileCoordinate) throws(StoreError) -> [[UInt8]]? {
        guard case .entries = coordinate.content, let head = try self.logHead() else { return nil }
        guard Self.isWithin(coordinate, level: 0, size: UInt64(head.size)) else { return nil }
        return try self.leaves(of: coordinate).map(\.bytes)
    }

    /// The proof that an entry is in the log of a size; nil when that log does not have it, or is not there yet.
    package func inclusionProof(of index: UInt64, inLogOf size: UInt64) throws(StoreError) -> InclusionProof? {
        guard let head = try self.logHead(), size <= UInt64(head.size) else { return nil }
        var tiles = TileCache(reader: self, size: size)
        return try InclusionProof(of: index, inTreeOf: size) { node throws(StoreError) in try tiles.hash(of: node) }
    }

    /// The proof that the log of a size begins with the log of an older one; nil when it is not that long yet.
    package func consistencyProof(from old: UInt64, to new: UInt64) throws(StoreError) -> ConsistencyProof? {
        guard let head = try self.logHead(), new <= UInt64(head.size) else { return nil }
        var tiles = TileCache(reader: self, size: new)
        return try ConsistencyProof(from: old, to: new) { node throws(StoreError) in try tiles.hash(of: node) }
    }

    private static func isWithin(_ coordinate: TileCoordinate, level: Int, size: UInt64) -> Bool {
        let count = size >> UInt64(8 * level)
        let end = coordinate.index.multipliedReportingOverflow(by: 256)
        return !end.overflow && end.partialValue + UInt64(coordinate.width) <= count
    }

    fileprivate func tile(_ coordinate: TileCoordinate) throws(StoreError) -> HashTile {
        var hashes: [UInt8] = []
        if case .hashes(let level) = coordinate.content, level > 0 {
            let rows = try self.connection.all(
                LogTileSQL.nodes,
                .integer(Int64(8 * level)),
                .integer(Int64(coordinate.index * 256)),
                .integer(coordinate.width)
            ) { row throws(StoreError) in (number: try row.integer(), hash: try row.bytes()) }
            for (offset, row) in rows.enumerated() where row.number == Int64(coordinate.index * 256) + Int64(offset) {
                hashes += row.hash
            }
        } else {
            for leaf in try self.leaves(of: coordinate) { hashes += leaf.hash.bytes }
        }
        guard let tile = HashTile(coordinate, bytes: hashes) else { throw .corrupt("table audit_node") }
        return tile
    }

    private func leaves(of coordinate: TileCoordinate) throws(StoreError) -> [LogLeaf] {
        let first = Int64(coordinate.index * 256)
        let rows = try self.connection.all(
            LogSQL.leaves,
            .integer(first),
            .integer(coordinate.width),
            read: LogSQL.readLeaf
        )
        for (offset, row) in rows.enumerated() where row.index != first + Int64(offset) {
            throw .corrupt("table audit_entry has no entry \(first + Int64(offset))")
        }
        guard rows.count == coordinate.width else {
            throw .corrupt("table audit_entry has no entry \(first + Int64(rows.count))")
        }
        return rows.map(\.leaf)
    }
}

/// The tiles that one proof needs, each read once.
private struct TileCache {
    let reader: Reader
    let size: UInt64
    private var tiles: [TileCoordinate: HashTile] = [:]

    init(reader: Reader, size: UInt64) {
        self.reader = reader
        self.size = size
    }

    mutating func hash(of node: TreeNode) throws(StoreError) -> TreeHash {
        guard let coordinate = TileCoordinate(containing: node, inLogOf: self.size) else {
            throw .corrupt("a proof asks for a node outside of the log")
        }
        let tile: HashTile
        if let known = self.tiles[coordinate] {
            tile = known
        } else {
            tile = try self.reader.tile(coordinate)
            self.tiles[coordinate] = tile
        }
        guard let hash = tile.hash(of: node) else { throw .corrupt("table audit_node") }
        return hash
    }
}

extension Writer {
    /// How many entries' hashes are computed in one transaction when tiles are filled in.
    private static let entriesPerFill: Int64 = 65_536

    /// Fills in the hashes over whole tiles that a log has not got: one that is older than they are. A kill in the middle
    /// loses at most one part of it.
    func fillTiles(ofLogOf size: Int64) throws(StoreError) {
        let reader = Reader(connection: self.connection)
        while true {
            let have = try self.connection.first(LogTileSQL.lastNode) { row throws(StoreError) in try row.integer() }
            let from = ((have ?? -1) + 1) * 256
            let until = min(from + Self.entriesPerFill, size / 256 * 256)
            guard from < until else { return }
            try self.runAlone { transaction throws(StoreError) in
                var edge = try CompactRange(size: UInt64(from)) { node throws(StoreError) in
                    try reader.wholeNode(node)
                }
                while Int64(edge.size) < until {
                    let start = Int64(edge.size)
                    let rows = try self.connection.all(
                        LogSQL.leaves,
                        .integer(start),
                        .integer(min(until - start, 1024)),
                        read: LogSQL.readLeaf
                    )
                    guard !rows.isEmpty else { throw .corrupt("table audit_entry has no entry \(start)") }
                    for (index, leaf) in rows {
                        guard index == Int64(edge.size) else {
                            throw .corrupt("table audit_entry has no entry \(edge.size)")
                        }
                        for (node, hash) in edge.appending(leaf.hash) {
                            try LogTileSQL.insert(node, hash, on: transaction.connection)
                        }
                    }
                }
            }
        }
    }
}

extension Reader {
    /// The hash of a node over whole tiles, or above one up to seven levels.
    fileprivate func wholeNode(_ node: TreeNode) throws(StoreError) -> TreeHash {
        let level = node.level / 8
        let first = node.index << UInt64(node.level % 8)
        let rows = try self.connection.all(
            LogTileSQL.nodes,
            .integer(Int64(8 * level)),
            .integer(Int64(first)),
            .integer(1 << (node.level % 8))
        ) { row throws(StoreError) -> (number: Int64, hash: TreeHash?) in
            (number: try row.integer(), hash: TreeHash(bytes: try row.bytes()))
        }
        let hashes = zip(Int64(first)..., rows).compactMap { $0 == $1.number ? $1.hash : nil }
        guard hashes.count == 1 << (node.level % 8) else { throw .corrupt("table audit_node") }
        return MerkleTree.root(of: hashes)
    }
}

extension CompactRange {
    /// Adds a leaf at the right, and gives the hashes over whole tiles that it finishes.
    mutating func appending(_ leaf: TreeHash) -> [(TreeNode, TreeHash)] {
        var finished: [(TreeNode, TreeHash)] = []
        self.append(leaf) { node, hash in
            if node.level > 0, node.level % 8 == 0 { finished.append((node, hash)) }
        }
        return finished
    }
}

/// The statements of the log's tiles.
enum LogTileSQL {
    static let nodes = SQL(
        "SELECT number, hash FROM audit_node WHERE level = $1 AND number >= $2 ORDER BY number LIMIT $3"
    )
    static let lastNode = SQL("SELECT number FROM audit_node WHERE level = 8 ORDER BY number DESC LIMIT 1")
    static let insertNode = SQL("INSERT INTO audit_node (level, number, hash) VALUES ($1, $2, $3)")

    static func insert(_ node: TreeNode, _ hash: TreeHash, on connection: Connection) throws(StoreError) {
        try connection.run(
            Self.insertNode,
            .integer(Int64(node.level)),
            .integer(Int64(node.index)),
            .bytes(hash.bytes)
        )
    }
}
