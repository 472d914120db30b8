package import EscrowModel
import EscrowPolicy
import EscrowStore

/// The entries of the log that a filter shows, the oldest first, as a stream that does not grow in memory with the log.
package struct AuditEntriesExport: AsyncSequence, Sendable {
    /// Some entries, at least one.
    package typealias Element = [AuditListing]

    /// The log's identity.
    package let origin: String
    let service: EscrowService
    let filter: AuditFilter
    let range: Range<Int64>

    /// Begins at the first entry.
    package func makeAsyncIterator() -> Iterator { Iterator(export: self) }

    /// Walks the log up to the head that it had when the export was asked for.
    package struct Iterator: AsyncIteratorProtocol {
        private static let batch = 512
        private let export: AuditEntriesExport
        private var rest: Range<Int64>

        fileprivate init(export: AuditEntriesExport) {
            self.export = export
            self.rest = export.range
        }

        /// The next entries; nil after the last. Throws `EscrowError`.
        package mutating func next() async throws -> [AuditListing]? {
            guard !self.rest.isEmpty else { return nil }
            let (filter, rest) = (self.export.filter, self.rest)
            let entries = try await self.export.service.snapshot { (reader) throws(StoreError) in
                try reader.auditEntries(filter, in: rest, limit: Self.batch)
            }
            let end = entries.count < Self.batch ? rest.upperBound : (entries.last?.index ?? rest.upperBound) + 1
            self.rest = Swift.min(end, rest.upperBound)..<rest.upperBound
            return entries.isEmpty ? nil : entries
        }
    }
}

extension EscrowService {
    /// Entries of the log for people's tools, for somebody with the whole fleet in scope; that they were exported, and in
    /// which form, is recorded, and is the last entry that an export without a filter has.
    package func auditEntriesExport(
        _ filter: AuditFilter,
        as format: AuditFormat,
        by caller: Caller
    ) async throws(EscrowError) -> AuditEntriesExport {
        let permit = try await self.require(.exportAudit, by: caller, on: .installation)
        try await self.operation { (_) throws(StoreError) -> Outcome<Void> in
            .done((), [permit.event(.auditExported, detail: format.rawValue)])
        }
        let found = try await self.snapshot { (reader) throws(StoreError) -> (origin: String, range: Range<Int64>)? in
            guard let head = try reader.logHead() else { return nil }
            return (head.origin, try reader.auditRange(filter, upTo: head.size))
        }
        guard let found else { throw .unavailable(retryAfterSeconds: 5) }
        return AuditEntriesExport(origin: found.origin, service: self, filter: filter, range: found.range)
    }
}
