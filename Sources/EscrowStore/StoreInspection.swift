import AuditLog
package import EscrowModel

/// A look at a database from outside of the store, for whoever wants to know whether it is sound: it reads only, takes no lock
/// that a server needs, and works while one runs. Blocks.
package final class StoreInspection {
    /// The reader's verbs.
    package let reader: Reader
    private let connection: Connection

    /// Opens a database file for reading.
    package init(path: String) throws(StoreError) {
        self.connection = try Connection(path: path, mode: .readOnly)
        try self.connection.setUpForReading()
        self.reader = Reader(connection: self.connection)
    }

    deinit { self.connection.close() }

    /// What the engine finds wrong with the file; empty when it is sound. Reads all of it.
    package func damage() throws(StoreError) -> [String] {
        try self.connection.all(SQL("PRAGMA quick_check(10)")) { row throws(StoreError) in try row.text() }
            .filter { $0 != "ok" }
    }

    /// How many rows refer to one that is not there.
    package func danglingReferences() throws(StoreError) -> Int {
        try self.connection.all(SQL("PRAGMA foreign_key_check")) { row throws(StoreError) in try row.text() }.count
    }

    /// The schema's version in the file, and the one that this program knows.
    package func schemaVersion() throws(StoreError) -> (found: Int64, known: Int64) {
        let found = try self.connection.first(SQL("SELECT version FROM schema_version WHERE id = 1")) {
            row throws(StoreError) in try row.integer()
        }
        return (found ?? 0, Int64(Schema.migrations.count))
    }

    /// The log's size, root and the time of its last entry; nil before it was begun. Throws when the head does not follow from
    /// the last entries.
    package func checkedHead() throws(StoreError) -> (size: Int64, lastTime: Timestamp)? {
        guard let head = try self.reader.logHead() else { return nil }
        let earlier = try self.reader.lastCheckpoint(upTo: head.size - 1)?.edge
        let edge =
            if let earlier { try self.reader.edge(at: head.size, from: earlier) } else {
                try self.reader.edge(at: head.size)
            }
        guard edge == head.edge else { throw .refused(.brokenHead("the last entries give another root")) }
        return (head.size, Timestamp(milliseconds: head.lastTime))
    }

    /// The root that the log had at an earlier size.
    package func root(at size: Int64) throws(StoreError) -> [UInt8] { try self.reader.edge(at: size).root.bytes }

    /// How many volumes in use have a current key that is not proven, up to a limit.
    package func unprovenVolumes(limit: Int) throws(StoreError) -> Int {
        try self.connection.first(
            SQL(
                """
                SELECT count(*) FROM (
                    SELECT 1 FROM volume WHERE current_proof = 'unproven' OR current_proof = 'refuted' LIMIT $1
                ) AS found
                """
            ),
            .integer(limit)
        ) { row throws(StoreError) in try row.int() } ?? 0
    }

    /// Keys that are there, drawn at random, with the device of each. Fewer than asked for when there are not as many.
    package func randomKeys(
        _ count: Int,
        using generator: inout some RandomNumberGenerator
    ) throws(StoreError) -> [(device: Device, key: EscrowedKey)] {
        let last = try self.connection.first(SQL("SELECT max(id) FROM escrowed_key")) { row throws(StoreError) in
            try row.optionalInteger()
        }
        guard let last = last ?? nil else { return [] }
        var rows: Set<Int64> = []
        let next = SQL("SELECT id FROM escrowed_key WHERE id >= $1 AND sealed IS NOT NULL ORDER BY id LIMIT $2")
        if last <= Int64(count) {
            let all = try self.connection.all(next, .integer(0), .integer(count)) { row throws(StoreError) in
                try row.integer()
            }
            rows = Set(all)
        } else {
            for _ in 0..<count * 4 where rows.count < count {
                let from = Int64.random(in: 1...last, using: &generator)
                let found = try self.connection.first(next, .integer(from), .integer(1)) { row throws(StoreError) in
                    try row.integer()
                }
                if let found { rows.insert(found) }
            }
        }
        var keys: [(device: Device, key: EscrowedKey)] = []
        for row in rows {
            let volumeRow = try self.connection.first(
                SQL("SELECT volume FROM escrowed_key WHERE id = $1"),
                .integer(row)
            ) { row throws(StoreError) in try row.integer() }
            guard let volumeRow, let volume = try self.reader.volume(row: volumeRow),
                let device = try self.reader.device(row: volume.device),
                let key = try self.reader.keys(of: volume).first(where: { $0.row == row })
            else { throw .corrupt("table escrowed_key") }
            keys.append((device, key))
        }
        return keys
    }
}
