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
    let size: Int64
    let head: SignedNote

    /// Begins at the first entry.
    package func makeAsyncIterator() -> Iterator { Iterator(export: self) }

    /// Walks the log up to the head that it had when the export was asked for.
    package struct Iterator: AsyncIteratorProtocol {
        private static let batch = 512
        private let export: AuditExport
        private var next: Int64 = 0
        private var hasBegun = false

        fileprivate init(export: AuditExport) { self.export = export }

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
            let limit = Int(Swift.min(Int64(Self.batch), self.export.size - from))
            let part = try await self.export.service.snapshot { (reader) throws(StoreError) in
                (
                    entries: try reader.logEntries(from: from, limit: limit),
                    checkpoints: try reader.checkpoints(after: from, limit: limit)
                )
            }
            guard part.entries.count == limit else { throw EscrowError.unavailable(retryAfterSeconds: 5) }
            var lines: [UInt8] = []
            var checkpoints = part.checkpoints[...]
            for entry in part.entries {
                LogExport.appendEntry(entry, to: &lines)
                let covered = Int64(entry.index) + 1
                guard let checkpoint = checkpoints.first, checkpoint.size == covered else { continue }
                checkpoints.removeFirst()
                // The head has a line of its own at the end.
                guard covered < self.export.size else { continue }
                LogExport.appendCheckpoint(try SignedNote(parsing: checkpoint.note), to: &lines)
            }
            self.next += Int64(limit)
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
    package func auditExport(by caller: Caller) async throws(EscrowError) -> AuditExport {
        try await self.require(.exportAudit, by: caller, on: .installation)
        try await self.operation { (_) throws(StoreError) -> Outcome<Void> in
            .done((), [AuditEvent(.auditExported, by: caller, action: .exportAudit)])
        }
        let found = try await self.snapshot { (reader) throws(StoreError) in try reader.logHead() }
        guard let found, let head = try? SignedNote(parsing: found.note) else {
            throw .unavailable(retryAfterSeconds: 5)
        }
        return AuditExport(service: self, origin: found.origin, size: found.size, head: head)
    }
}
