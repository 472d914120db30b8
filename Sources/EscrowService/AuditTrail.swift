import AuditLog
package import EscrowModel
import EscrowPolicy
import EscrowStore

/// The log as a stream of JSON Lines that anybody can verify offline; it does not grow in memory with the log.
package struct AuditExport: AsyncSequence, Sendable {
    /// Some whole lines, in UTF-8.
    package typealias Element = [UInt8]

    let service: EscrowService
    let origin: String
    /// How many entries it has.
    package let size: Int64
    let head: SignedNote
    /// The entry that it begins with.
    var first: Int64 = 0

    /// Begins at the first entry.
    package func makeAsyncIterator() -> Iterator { Iterator(export: self) }

    /// Walks the log up to the head that it had when the export was asked for.
    package struct Iterator: AsyncIteratorProtocol {
        private static let batch = 512
        private let export: AuditExport
        private var next: Int64
        private var hasBegun = false

        fileprivate init(export: AuditExport) {
            self.export = export
            self.next = export.first
        }

        /// The next lines; nil after the last. Throws `EscrowError`.
        package mutating func next() async throws -> [UInt8]? {
            if !self.hasBegun {
                self.hasBegun = true
                var lines: [UInt8] = []
                LogExport.appendHeader(
                    origin: self.export.origin,
                    keys: [self.export.service.logKey],
                    head: self.export.head,
                    to: &lines
                )
                return lines
            }
            guard self.next < self.export.size else { return nil }
            let from = self.next
            let until = Swift.min(from + Int64(Self.batch), self.export.size)
            let part = try await self.export.service.snapshot { (reader) throws(StoreError) in
                (
                    entries: try reader.logEntries(from: from, limit: Self.batch).filter { $0.index < until },
                    checkpoints: try reader.checkpoints(after: from, limit: Self.batch).filter { $0.size <= until }
                )
            }
            // What is stored goes out as it is, gaps and all: finding what is wrong with it is the verifier's work.
            var lines: [UInt8] = []
            var checkpoints = part.checkpoints[...]
            func appendCheckpoints(upTo size: Int64) throws {
                while let checkpoint = checkpoints.first, checkpoint.size <= size {
                    checkpoints.removeFirst()
                    // The head has a line of its own at the end.
                    guard checkpoint.size < self.export.size else { continue }
                    LogExport.appendCheckpoint(try SignedNote(parsing: checkpoint.note), to: &lines)
                }
            }
            for entry in part.entries {
                try appendCheckpoints(upTo: entry.index)
                LogExport.appendEntry(
                    index: UInt64(entry.index),
                    leaf: entry.leaf,
                    salt: entry.salt,
                    record: entry.record,
                    to: &lines
                )
            }
            try appendCheckpoints(upTo: until)
            self.next = until
            if self.next == self.export.size { LogExport.appendCheckpoint(self.export.head, to: &lines) }
            return lines
        }
    }
}

extension EscrowService {
    /// Audit entries, newest first, within the caller's scope.
    package func audit(
        _ filter: AuditFilter,
        _ page: PageRequest,
        by caller: Caller
    ) async throws(EscrowError) -> Page<AuditListing> {
        try await self.require(.readAudit, by: caller, on: .scope)
        return try await self.snapshot { (reader) throws(StoreError) in
            var filter = filter
            filter.scope = caller.scope
            return try reader.auditListings(filter, page)
        }
    }

    /// The whole log, for somebody with the whole fleet in scope; that it was exported is recorded.
    ///
    /// - Parameters:
    ///   - first: the index of the first entry, for somebody who has those before.
    ///   - isForVerifying: whether nothing of it leaves the server.
    package func auditExport(
        from first: Int64 = 0,
        isForVerifying: Bool = false,
        by caller: Caller
    ) async throws(EscrowError) -> AuditExport {
        let permit = try await self.require(.exportAudit, by: caller, on: .installation)
        try await self.operation { (_) throws(StoreError) -> Outcome<Void> in
            .done(
                (),
                [permit.event(.auditExported, detail: isForVerifying ? "verified" : AuditExportFormat.log.rawValue)]
            )
        }
        let found = try await self.snapshot { (reader) throws(StoreError) in try reader.logHead() }
        guard let found, let head = try? SignedNote(parsing: found.note) else {
            throw .unavailable(retryAfterSeconds: 5)
        }
        return AuditExport(service: self, origin: found.origin, size: found.size, head: head, first: first)
    }
}
