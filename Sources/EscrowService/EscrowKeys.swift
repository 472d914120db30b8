package import AuditLog
package import EscrowCrypto
import Synchronization

/// What seals, opens and recognises secrets: the public half of an open keyring, and whoever holds the other half.
package final class EscrowKeys: Sendable {
    private struct Current: Sendable {
        let document: KeyringDocument
        let sealer: Sealer
    }

    /// Opens with private keys.
    package let holder: any KeyHolder
    /// Recognises a secret that is here already, without opening anything.
    package let fingerprinter: KeyFingerprinter
    /// Lets one change of the keyring at a time through.
    let turn = KeyringTurn()
    private let current: Mutex<Current>

    /// Takes what the server may have of a keyring, and who has the rest.
    package init(_ keys: ServerKeys, heldBy holder: any KeyHolder) throws(SealError) {
        self.holder = holder
        self.fingerprinter = KeyFingerprinter(key: keys.fingerprintKey)
        self.current = Mutex(Current(document: keys.document, sealer: try keys.document.sealer()))
    }

    /// Takes a keyring, and holds its keys in this process.
    package convenience init(_ keyring: Keyring) throws(SealError) {
        try self.init(keyring.serverKeys, heldBy: LocalKeyHolder(keyring))
    }

    /// Seals with public keys alone, as the keyring is now.
    package var sealer: Sealer { self.current.withLock { $0.sealer } }

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
