import BitLocker
import EscrowCrypto
package import EscrowModel
import EscrowPolicy
import EscrowStore

extension EscrowService {
    /// Proves secrets whose proof was put off, in the order of deposit: those that a server took which cannot open them, and
    /// those that came while too many waited.
    ///
    /// Returns how many were settled. Stops early, and leaves the rest, while nobody can open secrets.
    @discardableResult
    package func proveBacklog(limit: Int = 100) async throws(EscrowError) -> Int {
        guard !self.keys.isIngest else { return 0 }
        var settled = 0
        var last: Int64 = 0
        while settled < limit, !Task.isCancelled {
            let after = last
            let found = try await self.snapshot { (reader) throws(StoreError) in try Self.next(after: after, in: reader)
            }
            guard let next = found else { break }
            last = next.key.row
            var answer: ProofAnswer?
            if let seal = next.seal {
                do throws(KeyHolderError) {
                    answer = ProofAnswer(.proof(try await self.keys.holder.prove(seal, by: next.metadata)))
                } catch .unavailable, .tooMuch, .refused {
                    break
                } catch {
                    // The seal does not open: it stays unproven, and the log says so.
                }
            }
            try await self.settle(next, answer)
            settled += 1
        }
        return settled
    }

    /// A proof that was put off, with all that it takes.
    private struct Postponed: Sendable {
        let key: EscrowedKey
        let metadata: [UInt8]
        /// Nil when the secret was purged.
        let seal: SealedSecret?
    }

    private static func next(after row: Int64, in reader: Reader) throws(StoreError) -> Postponed? {
        guard let (key, metadata) = try reader.proofBacklog(after: row, limit: 1).first else { return nil }
        guard let sealed = try reader.sealed(key), let volume = try reader.volume(row: key.volume),
            let device = try reader.device(row: volume.device)
        else { return Postponed(key: key, metadata: metadata, seal: nil) }
        let context = SealContext(
            device: device.id,
            volume: key.volumeID,
            protector: key.protectorID,
            kind: key.kind,
            keyVersion: key.version
        )
        return Postponed(key: key, metadata: metadata, seal: SealedSecret(sealed, context: context))
    }

    private func settle(_ postponed: Postponed, _ answer: ProofAnswer?) async throws(EscrowError) {
        let permit = Permit(action: .proveBacklog, caller: .system("prover"), rule: .system, now: self.clock())
        let upload = try? MetadataUpload(parsing: postponed.metadata)
        try await self.operation { (transaction) throws(StoreError) -> Outcome<Void> in
            try transaction.removeFromProofBacklog(postponed.key)
            guard let volume = try transaction.volume(row: postponed.key.volume),
                var device = try transaction.device(row: volume.device)
            else { return .done((), []) }
            var transition = try self.transition(volume, of: device, in: transaction, permit)
            // It may have been deposited again and proven, or purged, meanwhile.
            guard let index = transition.keys.firstIndex(where: { $0.row == postponed.key.row }),
                transition.keys[index].state != .purged, transition.keys[index].proof == .unproven
            else { return .done((), []) }
            guard let answer = answer?.fresh(for: volume, by: upload) else {
                // So that the device is asked for it again.
                transition.keys[index].proofReason = "sealBroken"
                try transaction.update(transition.keys[index])
                return .done((), [transition.event(.keyOpenFailed, .failure, protector: postponed.key.protectorID)])
            }
            transition.keys[index].proof = answer.state
            transition.keys[index].proofReason = answer.reason
            transition.keys[index].provenAt = answer.state == .proven ? permit.now : nil
            let key = transition.keys[index]
            try transaction.update(key)
            switch answer.state {
            case .proven: transition.events.append(transition.event(.keyProven, protector: key.protectorID))
            case .refuted:
                transition.events.append(
                    transition.event(.keyRefuted, .failure, protector: key.protectorID, detail: answer.reason)
                )
            case .unproven: break
            }
            try self.follow(
                key,
                answer,
                by: upload,
                storing: postponed.metadata,
                on: &transition,
                in: transaction
            )
            try transition.settle(in: transaction)
            try self.refreshStatus(of: &device, at: permit.now, in: transaction)
            return .done((), transition.events)
        }
    }
}
