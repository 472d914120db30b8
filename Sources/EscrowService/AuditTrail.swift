import AuditLog
package import EscrowModel
import EscrowStore

/// The log as a stream of JSON Lines that anybody can verify offline; it does not grow in memory with the log.
package struct AuditExport: AsyncSequence, Sendable {
    /// Some whole lines, in UTF-8.
    package typealias Element = [UInt8]

    let service: EscrowService
    let head: LogHead

    /// Begins at the first entry.
    package func makeAsyncIterator() -> Iterator { Iterator(service: self.service, head: self.head) }

    /// Walks the log up to the head that it had when the export was asked for.
    package struct Iterator: AsyncIteratorProtocol {
        private static let batch = 512
        private let service: EscrowService
        private let head: LogHead
        private var next: Int64 = 0
        private var hasBegun = false

        fileprivate init(service: EscrowService, head: LogHead) {
            self.service = service
            self.head = head
        }

        /// The next lines; nil after the last. Throws `EscrowError`.
        package mutating func next() async throws -> [UInt8]? {
            if !self.hasBegun {
                self.hasBegun = true
                var lines: [UInt8] = []
                LogExport.appendHeader(
                    origin: self.head.origin,
                    keys: [self.head.verifierKey],
                    head: self.head.note,
                    to: &lines
                )
                return lines
            }
            guard self.next < self.head.size else { return nil }
            let from = self.next
            let limit = Int(min(Int64(Self.batch), self.head.size - from))
            let part = try await self.service.snapshot { (reader) throws(StoreError) in
                (
                    entries: try reader.logEntries(from: from, limit: limit),
                    checkpoints: try reader.checkpoints(after: from, limit: limit)
                )
            }
            guard part.entries.count == limit else { throw EscrowError.unavailable(retryAfterSeconds: 5) }
            var lines: [UInt8] = []
            var checkpoints = part.checkpoints.filter { $0.size <= from + Int64(limit) }[...]
            for entry in part.entries {
                LogExport.appendEntry(entry, to: &lines)
                while let checkpoint = checkpoints.first, checkpoint.size <= Int64(entry.index) + 1 {
                    LogExport.appendCheckpoint(checkpoint.note, to: &lines)
                    checkpoints.removeFirst()
                }
            }
            self.next += Int64(limit)
            if self.next == self.head.size { LogExport.appendCheckpoint(self.head.note, to: &lines) }
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
        let head = try await self.snapshot { (reader) throws(StoreError) in try reader.logHead() }
        return AuditExport(service: self, head: head)
    }
}
