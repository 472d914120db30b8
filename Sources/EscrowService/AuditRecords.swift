package import AuditLog
package import EscrowModel
import EscrowPolicy
import EscrowStore

/// An entry of the log with its place in it.
package struct PlacedEntry: Sendable {
    /// The entry.
    package let entry: AuditListing
    /// The bytes that the log commits to.
    package let leaf: [UInt8]
    /// The proof that it is under a signed checkpoint.
    package let receipt: LogReceipt
    /// How many entries the log has now.
    package let size: Int64
}

extension EscrowService {
    /// One entry of the log within the caller's scope, with the proof that it is there.
    package func auditEntry(_ index: Int64, by caller: Caller) async throws(EscrowError) -> PlacedEntry {
        try await self.require(.readAudit, by: caller, on: .scope)
        guard (0..<Int64.max).contains(index) else { throw .notFound }
        let found = try await self.snapshot { (reader) throws(StoreError) -> (AuditListing, [UInt8], Int64)? in
            let filter = AuditFilter(scope: caller.scope)
            guard let entry = try reader.auditEntries(filter, in: index..<index + 1, limit: 1).first,
                let stored = try reader.logEntries(from: index, limit: 1).first,
                let head = try reader.logHead()
            else { return nil }
            return (entry, stored.leaf, head.size)
        }
        guard let found else { throw .notFound }
        return PlacedEntry(
            entry: found.0,
            leaf: found.1,
            receipt: try await self.logReceipt(of: UInt64(index)),
            size: found.2
        )
    }
}
