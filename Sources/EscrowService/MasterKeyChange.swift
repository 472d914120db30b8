import EscrowCrypto
package import EscrowModel
import EscrowPolicy
import EscrowStore

extension EscrowService {
    /// Wraps the keyring's root key, which is made anew, under another master key; answers with the new one's ID.
    ///
    /// The log says that it is coming before anything is wrapped, since whoever has the result and the new master key has
    /// everything; and says that it is done, or was not. The document is replaced in one transaction: whenever this is
    /// interrupted, the stored keyring opens with the old master key or with the new one, and names it.
    ///
    /// - Parameters:
    ///   - words: where the new master key is. Its files are read by whoever holds the keys. A key that is not there is made.
    ///   - caller: who asks.
    package func changeMasterKey(
        to words: [String: String],
        by caller: Caller
    ) async throws(EscrowError) -> (id: String, detail: String) {
        let reference = MasterKeyReference(words)
        let permit = try await self.require(.manageKeyring, by: caller, on: .installation)
        return try await self.keys.turn.take { () async throws(EscrowError) in
            let announced = try await self.recorded { (_) throws(StoreError) -> Outcome<Void> in
                .done((), [permit.event(.keyringMasterKeyChanging, detail: reference.description)])
            }
            let proposal: KeyringProposal
            let document: KeyringDocument
            do {
                let evidence = announced.entries.first.flatMap { LogEvidence($0) }
                proposal = try await self.keys.holder.propose(
                    [.changeMasterKey(reference)],
                    at: permit.now,
                    evidence: evidence
                )
                document = try KeyringDocument(json: proposal.document)
            } catch {
                throw try await self.failed(error, permit)
            }
            let stored = try await self.recorded { (transaction) throws(StoreError) -> Outcome<Void> in
                let generation = document.generation - 1
                guard try transaction.replaceKeyring(by: proposal.document, following: generation) else {
                    return .refused(
                        .conflict(
                            code: "keyring-changed",
                            problem: "The stored keyring is not the one that the server works with. Start it again."
                        ),
                        [permit.event(.keyringMasterKeyChanged, .failure, detail: "keyringChanged")]
                    )
                }
                return .done((), [permit.event(.keyringMasterKeyChanged, detail: proposal.detail)])
            }
            guard let evidence = stored.entries.first.flatMap({ LogEvidence($0) }) else {
                throw .unavailable(retryAfterSeconds: 5)
            }
            // The change is stored by now: when the holder cannot take it over, it will be read at the next start.
            do { try await self.keys.adopt(proposal, evidence: evidence) } catch {
                throw .unavailable(retryAfterSeconds: 5)
            }
            return (id: document.masterKey, detail: proposal.detail)
        }
    }

    /// Puts on the log that nothing was changed, and says why to whoever asked: an operator on the server's own console.
    private func failed(_ error: any Error, _ permit: Permit) async throws(EscrowError) -> EscrowError {
        try await self.operation { (_) throws(StoreError) -> Outcome<Void> in
            .done((), [permit.event(.keyringMasterKeyChanged, .failure, detail: "masterKeyNotUsable")])
        }
        switch error as? KeyHolderError {
        case .keyring(let reason): return .invalid(field: "masterKey", problem: reason)
        case .unavailable: return .unavailable(retryAfterSeconds: 5)
        case .refused(let reason), .tooMuch(let reason): return .conflict(code: "opener-refused", problem: reason)
        case .seal, .notASecret, nil: return .unavailable(retryAfterSeconds: 5)
        }
    }
}

extension Transaction {
    /// Stores a keyring's document in place of the one of a generation; false when that is not the stored one.
    fileprivate func replaceKeyring(by document: [UInt8], following generation: Int) throws(StoreError) -> Bool {
        guard let row = try self.keyringDocument(),
            let stored = try? KeyringDocument(json: row.bytes),
            stored.generation == generation
        else { return false }
        // A change of the master key alone leaves the epoch as it is.
        return try self.setKeyringDocument(document, sealEpoch: stored.sealEpoch, replacing: row.generation)
    }
}
