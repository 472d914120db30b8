import AuditLog

/// A running server's log, followed from the checkpoint that was kept to the present one.
struct ServedLog: Sendable {
    /// What following it came to.
    struct Result: Sendable {
        /// The present checkpoint.
        let head: Checkpoint
        /// The same as it was signed.
        let note: SignedNote
        /// From how many records on it was followed.
        let from: UInt64
        /// Whether the records were looked at, or only hashes.
        let hasRecords: Bool
    }

    /// The way to the server.
    let connection: AdminConnection
    /// The log's key.
    let key: VerifierKey

    /// The key that the server says its log has.
    static func claimedKey(_ connection: AdminConnection) async throws -> VerifierKey {
        let text = String(decoding: try await connection.bytes("/log/vkey").prefix { $0 != 0x0A }, as: UTF8.self)
        do { return try VerifierKey(text) } catch { throw Failure("the server names no verifier key: \(error)") }
    }

    /// Follows the log. Throws `LogFollowProblem` and `NoteError` for what is wrong with it.
    ///
    /// - Parameters:
    ///   - kept: the checkpoint that was verified before.
    ///   - records: whether to look at records, which takes an auditor's token.
    func follow(from kept: Checkpoint?, records: Bool) async throws -> Result {
        let note = try SignedNote(parsing: try await self.connection.bytes("/log/checkpoint"))
        let head = try Checkpoint(verifying: note, by: [self.key])
        var follower = try LogFollower(from: kept, to: head)
        var tiles: [TileCoordinate: [UInt8]] = [:]
        for tile in follower.tiles { tiles[tile] = try await self.connection.bytes("/log/\(tile.path)") }
        try follower.check(tiles)
        let from = follower.size
        guard records else { return Result(head: head, note: note, from: from, hasRecords: false) }
        let reading = Reading(follower: follower, keys: [self.key])
        try await self.connection.stream("/log/records?from=\(from)") { try await reading.read($0) }
        let end = try await reading.finish()
        return Result(head: end.checkpoint, note: end.note, from: from, hasRecords: true)
    }

    /// Takes the lines of records as they come.
    private actor Reading {
        private var follower: LogFollower
        private let keys: [VerifierKey]
        private var rest: [UInt8] = []
        private var end: (checkpoint: Checkpoint, note: SignedNote)?

        init(follower: LogFollower, keys: [VerifierKey]) {
            self.follower = follower
            self.keys = keys
        }

        func read(_ bytes: [UInt8]) throws {
            self.rest += bytes
            guard self.rest.count <= 64 << 20 else { throw Failure("the server sent a line that is too long") }
            var start = self.rest.startIndex
            while let newline = self.rest[start...].firstIndex(of: 0x0A) {
                let line = Array(self.rest[start..<newline])
                if self.end == nil {
                    guard case .header(let header) = try LogExportLine(parsing: line) else {
                        throw Failure("the server's records have no header")
                    }
                    self.end = (try Checkpoint(verifying: header.head, by: self.keys), header.head)
                }
                try self.follower.take(line: line, keys: self.keys)
                start = newline + 1
            }
            self.rest.removeSubrange(..<start)
        }

        func finish() throws -> (checkpoint: Checkpoint, note: SignedNote) {
            guard let end = self.end else { throw Failure("the server sent no records") }
            try self.follower.finish(at: end.checkpoint)
            return end
        }
    }
}
