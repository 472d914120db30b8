package import AuditLog
package import EscrowModel
import EscrowPolicy
import EscrowStore

/// What anybody may see of the audit log: its signed head, and hashes. They name nobody and show nothing.
extension EscrowService {
    /// The signed checkpoint of the log's head.
    package func logCheckpoint() async throws(EscrowError) -> [UInt8] {
        let head = try await self.snapshot { (reader) throws(StoreError) in try reader.logHead() }
        guard let head else { throw .unavailable(retryAfterSeconds: 5) }
        return head.note
    }

    /// A tile of the log's hashes.
    package func logTile(_ coordinate: TileCoordinate) async throws(EscrowError) -> [UInt8] {
        let tile = try await self.snapshot { (reader) throws(StoreError) in try reader.logTile(coordinate) }
        guard let tile else { throw .notFound }
        return tile.bytes
    }

    /// The receipt of an entry: its proof of being under the present checkpoint.
    package func logReceipt(of index: UInt64) async throws(EscrowError) -> LogReceipt {
        let found = try await self.snapshot { (reader) throws(StoreError) -> (InclusionProof, [UInt8])? in
            guard let head = try reader.logHead(),
                let proof = try reader.inclusionProof(of: index, inLogOf: UInt64(head.size))
            else { return nil }
            return (proof, head.note)
        }
        guard let (proof, note) = found else { throw .notFound }
        guard let checkpoint = try? SignedNote(parsing: note),
            let receipt = LogReceipt(proof: proof, checkpoint: checkpoint)
        else { throw .unavailable(retryAfterSeconds: 5) }
        return receipt
    }

    /// The leaves of up to 256 entries as one bundle, for somebody with the whole fleet in scope.
    package func logLeaves(_ coordinate: TileCoordinate, by caller: Caller) async throws(EscrowError) -> [UInt8] {
        try await self.require(.exportAudit, by: caller, on: .installation)
        let leaves = try await self.snapshot { (reader) throws(StoreError) in try reader.logLeaves(coordinate) }
        guard let leaves, let bundle = EntryBundle.bytes(of: leaves) else { throw .notFound }
        return bundle
    }
}
