package import AuditLog
package import EscrowModel
import EscrowPolicy
import EscrowStore

/// What anybody may see of the audit log: its signed head, and hashes. They name nobody and show nothing.
extension EscrowService {
    /// A signed checkpoint of the log: the one that witnesses cosigned, if they did within seconds, else the head's.
    package func logCheckpoint() async throws(EscrowError) -> [UInt8] { try await self.servedCheckpoint().note.bytes }

    /// How many entries the log has. It grows with whatever changes.
    package func logSize() async throws(EscrowError) -> UInt64 { try await self.logHead().size }

    private func servedCheckpoint() async throws(EscrowError) -> (note: SignedNote, size: UInt64) {
        let head = try await self.logHead()
        let now = self.clock()
        guard let cosigned = self.witnesses.cosigned(at: now), cosigned.size <= head.size else { return head }
        guard cosigned.note.text == head.note.text || cosigned.at + Self.servedLate >= now else { return head }
        return (cosigned.note, cosigned.size)
    }

    /// How much later than the log's head the served checkpoint may be, for the sake of its cosignatures.
    private static let servedLate = TimeSpan.seconds(10)

    /// A tile of the log's hashes.
    package func logTile(_ coordinate: TileCoordinate) async throws(EscrowError) -> [UInt8] {
        let tile = try await self.snapshot { (reader) throws(StoreError) in try reader.logTile(coordinate) }
        guard let tile else { throw .notFound }
        return tile.bytes
    }

    /// The receipt of an entry: its proof of being under a signed checkpoint, a cosigned one where there is one.
    package func logReceipt(of index: UInt64) async throws(EscrowError) -> LogReceipt {
        var checkpoint = try await self.servedCheckpoint()
        if index >= checkpoint.size { checkpoint = try await self.logHead() }
        let size = checkpoint.size
        let proof = try await self.snapshot { (reader) throws(StoreError) in
            try reader.inclusionProof(of: index, inLogOf: size)
        }
        guard let proof else { throw .notFound }
        guard let receipt = LogReceipt(proof: proof, checkpoint: checkpoint.note) else {
            throw .unavailable(retryAfterSeconds: 5)
        }
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
