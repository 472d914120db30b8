package import AuditLog
package import Crypto
package import EscrowCrypto
import Synchronization

/// What seals, opens and recognises secrets: the public half of an open keyring, and whoever holds the other half.
package final class EscrowKeys: Sendable {
    private struct Current: Sendable {
        let document: KeyringDocument
        let sealer: Sealer
    }

    /// What new secrets are sealed with, and the keyring's seal epoch that this is of.
    struct Sealing: Sendable {
        let sealer: Sealer
        let epoch: Int
    }

    /// Opens with private keys.
    package let holder: any KeyHolder
    /// Recognises a secret that is here already, without opening anything.
    package let fingerprinter: KeyFingerprinter
    /// Lets one change of the keyring at a time through.
    let turn = KeyringTurn()
    /// Whether this server only takes deposits: nobody holds the other half.
    package let isIngest: Bool
    private let given: ServerKeys
    /// What the secrets of people's one-time passwords are derived with.
    package let signInKey: SymmetricKey
    private let current: Mutex<Current>

    /// Takes what the server may have of a keyring, and who has the rest.
    package convenience init(_ keys: ServerKeys, heldBy holder: any KeyHolder) throws(SealError) {
        try self.init(keys, heldBy: holder, isIngest: false)
    }

    /// Takes what a server has that only takes deposits.
    package convenience init(ingest keys: ServerKeys) throws(SealError) {
        try self.init(keys, heldBy: NoKeyHolder(), isIngest: true)
    }

    private init(_ keys: ServerKeys, heldBy holder: any KeyHolder, isIngest: Bool) throws(SealError) {
        self.isIngest = isIngest
        self.given = keys
        self.holder = holder
        self.fingerprinter = KeyFingerprinter(key: keys.fingerprintKey)
        self.signInKey = keys.signInKey
        self.current = Mutex(Current(document: keys.document, sealer: try keys.document.sealer()))
    }

    /// Takes a keyring, and holds its keys in this process.
    package convenience init(_ keyring: Keyring) throws(SealError) {
        try self.init(keyring.serverKeys, heldBy: LocalKeyHolder(keyring))
    }

    /// Seals with public keys alone, as the keyring is now.
    package var sealer: Sealer { self.current.withLock { $0.sealer } }

    /// The same, with the seal epoch that goes with it.
    var sealing: Sealing {
        self.current.withLock { Sealing(sealer: $0.sealer, epoch: $0.document.sealEpoch) }
    }

    /// What the server has of the keyring as it is now.
    var serverKeys: ServerKeys {
        ServerKeys(
            document: self.document,
            fingerprintKey: self.given.fingerprintKey,
            auditLogSeed: self.given.auditLogSeed
        )
    }

    /// The keyring as it is now; its secrets are wrapped.
    package var document: KeyringDocument { self.current.withLock { $0.document } }

    /// Works with a document that the holder proposed, once it is stored and its event is on the log: see
    /// `KeyHolder.adopt(_:evidence:)`.
    package func adopt(_ proposal: KeyringProposal, evidence: LogEvidence) async throws(KeyHolderError) {
        let document: KeyringDocument
        do throws(KeyringError) { document = try KeyringDocument(json: proposal.document) } catch {
            throw KeyHolderError(error)
        }
        let sealer: Sealer
        do throws(SealError) { sealer = try document.sealer() } catch { throw .seal(error) }
        try await self.holder.adopt(proposal.document, evidence: evidence)
        self.take(document, sealer)
    }

    /// Seals with a stored document that another server changed, when the audit log's key has signed it.
    func follow(_ document: KeyringDocument) throws(KeyringError) {
        try IngestKeys(self.serverKeys).check(document)
        do throws(SealError) { self.take(document, try document.sealer()) } catch { throw .sealing(error) }
    }

    private func take(_ document: KeyringDocument, _ sealer: Sealer) {
        self.current.withLock { current in
            guard current.document.generation < document.generation else { return }
            current = Current(document: document, sealer: sealer)
        }
    }
}

extension LogEvidence {
    /// Shows an entry of the log; nil for one whose record was erased.
    package init?(_ entry: LogEntry) {
        guard let content = entry.content else { return nil }
        self.init(index: entry.index, leaf: entry.leaf.bytes, record: content.record, salt: content.salt)
    }
}
