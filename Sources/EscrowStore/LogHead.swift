package import AuditLog

/// The head of the audit log: all that is needed to go on from it.
package struct LogHead: Equatable, Sendable {
    /// The log's identity.
    package let origin: String
    /// The right edge of the tree.
    package let edge: CompactRange
    /// The signed checkpoint.
    package let note: [UInt8]
    /// The time of the last entry, milliseconds since 1970.
    let lastTime: Int64

    /// How many entries the log has.
    package var size: Int64 { Int64(self.edge.size) }
    /// The root of the tree over them.
    package var root: TreeHash { self.edge.root }
}

/// A signed checkpoint that is kept.
package struct KeptCheckpoint: Equatable, Sendable {
    /// How many entries the log had.
    package let size: Int64
    /// The right edge of the tree then.
    package let edge: CompactRange
    /// The checkpoint as it was signed.
    package let note: [UInt8]
}

extension Reader {
    /// The head of the log; nil before the log was first started.
    package func logHead() throws(StoreError) -> LogHead? {
        try self.connection.first(LogSQL.head) { row throws(StoreError) in
            let origin = try row.text()
            let size = try row.integer()
            let root = try row.bytes()
            guard let edge = CompactRange(bytes: try row.bytes()), Int64(edge.size) == size, edge.root.bytes == root
            else {
                throw .corrupt("table audit_head")
            }
            return LogHead(origin: origin, edge: edge, note: try row.bytes(), lastTime: try row.integer())
        }
    }

    /// Entries of the log in order, from an index on.
    package func logEntries(from index: Int64, limit: Int) throws(StoreError) -> [StoredLogEntry] {
        try self.connection.all(LogSQL.entries, .integer(index), .integer(limit), read: LogSQL.readEntry)
    }

    /// Kept checkpoints of more entries than `size`, in order. There is one at least every 1,280 entries.
    package func checkpoints(after size: Int64, limit: Int) throws(StoreError) -> [KeptCheckpoint] {
        try self.connection.all(LogSQL.checkpoints, .integer(size), .integer(limit), read: LogSQL.readCheckpoint)
    }

    /// The hashes of leaves in order, from an index on.
    package func leafHashes(from index: Int64, limit: Int) throws(StoreError) -> [TreeHash] {
        var expected = index
        let leaves = try self.connection.all(LogSQL.leaves, .integer(index), .integer(limit), read: LogSQL.readLeaf)
        var hashes: [TreeHash] = []
        hashes.reserveCapacity(leaves.count)
        for (index, leaf) in leaves {
            guard index == expected else { throw .corrupt("table audit_entry has no entry \(expected)") }
            hashes.append(leaf.hash)
            expected += 1
        }
        return hashes
    }

    /// The kept checkpoint of the most entries that are at most `size`.
    func lastCheckpoint(upTo size: Int64) throws(StoreError) -> KeptCheckpoint? {
        try self.connection.first(LogSQL.lastCheckpoint, .integer(size), read: LogSQL.readCheckpoint)
    }

    /// The edge of the tree at an earlier size, from the nearest kept checkpoint and the leaves since.
    func edge(at size: Int64) throws(StoreError) -> CompactRange {
        try self.edge(at: size, from: try self.lastCheckpoint(upTo: size)?.edge ?? CompactRange())
    }

    /// The edge of the tree at a size, from an earlier one and the leaves since.
    func edge(at size: Int64, from earlier: CompactRange) throws(StoreError) -> CompactRange {
        var edge = earlier
        while Int64(edge.size) < size {
            let leaves = try self.connection.all(
                LogSQL.leaves,
                .integer(Int64(edge.size)),
                .integer(min(size - Int64(edge.size), 1024)),
                read: LogSQL.readLeaf
            )
            guard !leaves.isEmpty else { throw .corrupt("table audit_entry has no entry \(edge.size)") }
            for (index, leaf) in leaves {
                guard index == Int64(edge.size) else { throw .corrupt("table audit_entry has no entry \(edge.size)") }
                edge.append(leaf.hash)
            }
        }
        return edge
    }
}

/// The statements of the log.
enum LogSQL {
    static let head = SQL("SELECT origin, size, root, edge, note, last_time FROM audit_head WHERE id = 1")
    static let entries = SQL(
        "SELECT id, time, kind, commitment, salt, record FROM audit_entry WHERE id >= $1 ORDER BY id LIMIT $2"
    )
    static let leaves = SQL("SELECT id, time, kind, commitment FROM audit_entry WHERE id >= $1 ORDER BY id LIMIT $2")
    static let checkpoints = SQL(
        "SELECT size, edge, note FROM audit_checkpoint WHERE size > $1 ORDER BY size LIMIT $2"
    )
    static let lastCheckpoint = SQL(
        "SELECT size, edge, note FROM audit_checkpoint WHERE size <= $1 ORDER BY size DESC LIMIT 1"
    )
    static let deviceGroup = SQL("SELECT device_group FROM device WHERE device_id = $1")
    static let insertHead = SQL(
        """
        INSERT INTO audit_head (id, origin, size, root, edge, note, last_time) VALUES (1, $1, 0, $2, $3, $4, 0)
        """
    )
    static let replaceHead = SQL(
        """
        UPDATE audit_head SET size = $1, root = $2, edge = $3, note = $4, last_time = $5
        WHERE id = 1 AND size = $6 AND root = $7
        """
    )
    static let insertEntry = SQL(
        """
        INSERT INTO audit_entry (id, time, kind, commitment, principal, name, device, device_group, source, outcome,
            salt, record)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """
    )
    static let insertCheckpoint = SQL("INSERT INTO audit_checkpoint (size, edge, note) VALUES ($1, $2, $3)")

    static func readEntry(_ row: inout Row) throws(StoreError) -> StoredLogEntry {
        let index = try row.integer()
        let time = try row.integer()
        let kind = try row.text()
        let commitment = try row.bytes()
        let leaf = try? LogLeaf(time: time, kind: kind, commitment: commitment)
        return StoredLogEntry(
            index: index,
            leaf: leaf?.bytes ?? Array("{}".utf8),
            salt: try row.optionalBytes(),
            record: try row.optionalBytes()
        )
    }

    static func readLeaf(_ row: inout Row) throws(StoreError) -> (index: Int64, leaf: LogLeaf) {
        let index = try row.integer()
        let time = try row.integer()
        let kind = try row.text()
        let commitment = try row.bytes()
        guard let leaf = try? LogLeaf(time: time, kind: kind, commitment: commitment) else {
            throw .corrupt("table audit_entry, entry \(index)")
        }
        return (index, leaf)
    }

    static func readCheckpoint(_ row: inout Row) throws(StoreError) -> KeptCheckpoint {
        let size = try row.integer()
        guard let edge = CompactRange(bytes: try row.bytes()), Int64(edge.size) == size else {
            throw .corrupt("table audit_checkpoint")
        }
        return KeptCheckpoint(size: size, edge: edge, note: try row.bytes())
    }
}
