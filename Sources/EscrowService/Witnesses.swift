package import AuditLog
package import EscrowModel
import EscrowStore

/// What is needed of the log to have it witnessed, and what becomes of the witnesses' answers.
extension EscrowService {
    /// The signed head of the log, with its size.
    package func logHead() async throws(EscrowError) -> (note: SignedNote, size: UInt64) {
        let head = try await self.snapshot { (reader) throws(StoreError) in try reader.logHead() }
        guard let head, let note = try? SignedNote(parsing: head.note) else {
            throw .unavailable(retryAfterSeconds: 5)
        }
        return (note, UInt64(head.size))
    }

    /// The proof that the log of a size begins with the log of an older one; nil when it was never that long.
    package func logConsistency(from old: UInt64, to new: UInt64) async throws(EscrowError) -> ConsistencyProof? {
        try await self.snapshot { (reader) throws(StoreError) in try reader.consistencyProof(from: old, to: new) }
    }

    /// The size at which a witness cosigned the log last, as far as the database knows; 0 when it never did.
    package func cosignedSize(by witness: VerifierKey) async throws(EscrowError) -> UInt64 {
        try await self.snapshot { (reader) throws(StoreError) in
            UInt64(try reader.cosignature(by: witness.description)?.size ?? 0)
        }
    }

    /// Takes a witness's cosignature of a checkpoint of ours.
    ///
    /// Throws `.invalid` when it is not by that witness, not over this checkpoint, or of a time that is not now: an old
    /// answer that somebody kept says nothing of today.
    package func cosigned(
        _ note: SignedNote,
        size: UInt64,
        by witness: VerifierKey,
        with signatures: [NoteSignature]
    ) async throws(EscrowError) {
        let now = self.clock()
        let own = signatures.first { $0.name == witness.name && $0.keyID == witness.keyID }
        guard let own, let cosigned = try? note.adding(own), (try? cosigned.verified(by: [witness])) != nil else {
            throw .invalid(field: "signature", problem: "is not the witness's over this checkpoint")
        }
        let time = Timestamp(seconds: Int64(clamping: own.cosignatureTime ?? 0))
        let age = self.settings.witnessPolicy.maximumAge
        guard time + age >= now, now + age >= time else {
            throw .invalid(field: "time", problem: "is not now; compare the clocks of the witness and of this server")
        }
        let text = witness.description
        try await self.operation { (transaction) throws(StoreError) -> Outcome<Void> in
            try transaction.setCosignature(by: text, size: Int64(size), note: cosigned.bytes, at: time)
            return .done((), [])
        }
        self.witnesses.cosigned(cosigned, size: size, by: witness, at: min(time, now))
    }

    /// Takes a witness's word that the log is not the one it has seen. Recorded once.
    ///
    /// - Returns: whether it is news.
    package func witnessObjects(
        _ objection: WitnessStanding.Objection,
        by witness: VerifierKey
    ) async throws(EscrowError) -> Bool {
        guard self.witnesses.objected(objection, by: witness) else { return false }
        let event = AuditEvent(
            .witnessObjected,
            .failure,
            by: .system("witness \(witness.name)"),
            detail: objection.rawValue
        )
        try await self.operation { (_) throws(StoreError) -> Outcome<Void> in .done((), [event]) }
        return true
    }

    /// The refusal of a disclosure while too few witnesses have cosigned.
    func witnessesMissing<Value>(_ permit: Permit, _ device: Device) -> Outcome<Value> {
        let event = AuditEvent(
            .accessDenied,
            .denied,
            by: permit.caller,
            action: permit.action,
            rule: "witnesses-missing",
            device: device.id,
            deviceName: device.facts.name
        )
        return .refused(.witnessesMissing, [event])
    }
}
