package import BitLocker
package import EscrowModel

/// Whoever holds the keyring's private keys and its root key: this process, or the opener process.
///
/// Everything that needs one of them goes through here, so that a server can work with public keys alone. Answers are
/// about one keyring, the one that it was started with and what was adopted since.
package protocol KeyHolder: Sendable {
    /// Why nothing can be opened at the moment; nil when something can, as far as is known. Ask before a disclosure is put
    /// on the log.
    func obstacle() -> KeyHolderError?

    /// Opens a secret whose disclosure is on the log. It is wiped when it goes out of use.
    ///
    /// - Parameters:
    ///   - sealed: the record, and what it is the secret of.
    ///   - evidence: the committed entry of this disclosure. A holder that is a process of its own opens nothing without.
    func open(_ sealed: SealedSecret, evidence: LogEvidence) async throws(KeyHolderError) -> SecretBytes

    /// Says whether a sealed secret opens its volume, and nothing else of it. Takes a tenth of a second or more, one at a
    /// time.
    ///
    /// - Parameters:
    ///   - sealed: the record, and what it is the secret of.
    ///   - metadata: FVE metadata as it is uploaded and stored.
    func prove(_ sealed: SealedSecret, by metadata: [UInt8]) async throws(KeyHolderError) -> Proof

    /// Seals data keys anew to whom the keyring seals now: its active version and the recovery recipients it names, and
    /// nobody else. Payloads stay as they are. Answers in the order of the batch, of at most `KeyHolding.largestBatch`.
    func rewrap(_ batch: [SealedSecret]) async throws(KeyHolderError) -> [Result<[UInt8], SealError>]

    /// Makes the keyring document that follows from changes, all or none. Nothing counts before it is stored in place of
    /// the present one, its event is on the log, and it was given to ``adopt(_:evidence:)``.
    ///
    /// - Parameters:
    ///   - changes: in this order.
    ///   - now: the time to note.
    ///   - evidence: for a change of the master key, and nil for any other. Whoever has the proposal and the new master key
    ///     has everything, so a holder that is a process of its own makes it only when the log says that it is coming: an
    ///     entry whose kind begins with `keyring.` and whose detail is the new reference's description.
    func propose(
        _ changes: [KeyringChange],
        at now: Timestamp,
        evidence: LogEvidence?
    ) async throws(KeyHolderError) -> KeyringProposal

    /// Works with a document that was proposed and is stored by now.
    ///
    /// - Parameters:
    ///   - document: the bytes of the proposal.
    ///   - evidence: the committed entry of the change: its kind begins with `keyring.` and its detail is the proposal's.
    func adopt(_ document: [UInt8], evidence: LogEvidence) async throws(KeyHolderError)

    /// Opens the canary of each version that is not destroyed, with the keys in memory; names those that do not open.
    func failedCanaries() async throws(KeyHolderError) -> [CanaryFailure]

    /// The same with everything anew: the master key from where it is kept, and the document that was just read. Throws
    /// when it does not open any more. What is in memory stays in use.
    func check(_ document: [UInt8]) async throws(KeyHolderError) -> [CanaryFailure]
}

extension KeyHolder {
    /// Proposes changes that need no evidence yet: all but that of the master key.
    package func propose(
        _ changes: [KeyringChange],
        at now: Timestamp
    ) async throws(KeyHolderError) -> KeyringProposal {
        try await self.propose(changes, at: now, evidence: nil)
    }
}

/// Limits that hold for every holder.
package enum KeyHolding {
    /// How many secrets one call of `KeyHolder.rewrap` takes.
    package static let largestBatch = 500
}

/// A sealed record with what it is the secret of.
package struct SealedSecret: Sendable, Equatable {
    /// The record.
    package let bytes: [UInt8]
    /// What it was sealed for.
    package let context: SealContext

    /// Puts both together.
    package init(_ bytes: [UInt8], context: SealContext) {
        self.bytes = bytes
        self.context = context
    }
}

/// An entry of the audit log as it is shown to a holder of keys: what it has to find under a signed checkpoint.
package struct LogEvidence: Sendable, Equatable {
    /// Its position in the log, from 0.
    package let index: UInt64
    /// The leaf's bytes.
    package let leaf: [UInt8]
    /// The record's canonical JSON.
    package let record: [UInt8]
    /// The salt that the leaf's commitment was made with.
    package let salt: [UInt8]

    /// Shows an entry.
    package init(index: UInt64, leaf: [UInt8], record: [UInt8], salt: [UInt8]) {
        self.index = index
        self.leaf = leaf
        self.record = record
        self.salt = salt
    }
}
