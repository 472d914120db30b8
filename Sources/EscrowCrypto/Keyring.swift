import BitLocker
package import Crypto
package import EscrowModel
import FoundationEssentials

/// The server's keys, opened: what secrets are sealed to and opened with, and the server's other secrets.
///
/// Only its root key is wrapped by the master key; it wraps the rest. So a master key can be a slow token or a service far
/// away, and changing it touches no record. A value: changing it makes a new document, which counts once it is stored.
package struct Keyring: Sendable {
    /// What is to be stored.
    package internal(set) var document: KeyringDocument
    /// The key that fingerprints of secrets are made with.
    package let fingerprinter: KeyFingerprinter
    /// The 32 bytes from which the audit log's Ed25519 signing key is made (RFC 8032, section 5.1.5).
    package let auditLogSeed: SymmetricKey
    var root: SymmetricKey
    var keys: [Int: RecipientPrivateKey]
    let fingerprintKey: SymmetricKey

    /// Makes a keyring with one active version.
    ///
    /// - Parameters:
    ///   - provider: what wraps its root key.
    ///   - suite: the algorithms of its first version.
    ///   - now: the time to note.
    package static func create(
        under provider: any MasterKeyProvider,
        suite: SealSuite = .p256,
        at now: Timestamp
    ) async throws(KeyringError) -> Keyring {
        var generator = SystemRandomNumberGenerator()
        let id = GUID.random(using: &generator)
        let root = SymmetricKey(size: .bits256)
        let fingerprintKey = SymmetricKey(size: .bits256)
        let seed = SymmetricKey(size: .bits256)
        guard let signingKey = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else {
            throw .sealing(.invalidPrivateKey)
        }
        let document = KeyringDocument(
            format: KeyringDocument.newestFormat,
            id: id,
            generation: 0,
            sealEpoch: 1,
            masterKey: provider.id,
            versions: [],
            recoveryRecipients: [],
            auditLogPublicKey: Array(signingKey.publicKey.rawRepresentation),
            wrappedRootKey: try await Self.wrap(root, of: id, under: provider),
            wrappedFingerprintKey: try Self.wrap(fingerprintKey, as: .fingerprintKey, of: id, under: root),
            wrappedAuditLogSeed: try Self.wrap(seed, as: .auditLogSeed, of: id, under: root),
            signature: [],
            mac: []
        )
        var keyring = Keyring(document: document, root: root, keys: [:], fingerprintKey: fingerprintKey, seed: seed)
        try keyring.append(version: 1, suite: suite, state: .active, at: now)
        try keyring.finishChange()
        return keyring
    }

    /// Opens a stored keyring with the master key that it needs.
    ///
    /// Do it at start, and again at each regular check with a provider made anew and the document read anew, followed by
    /// `failedCanaries()`: so a replaced file or row is noticed while the server still has the right keys in memory.
    package init(_ document: KeyringDocument, under provider: any MasterKeyProvider) async throws(KeyringError) {
        guard document.masterKey == provider.id else {
            throw .otherMasterKey(
                needed: document.masterKey,
                given: provider.id,
                whereabouts: provider.whereabouts
            )
        }
        let root: SymmetricKey
        do {
            root = try await provider.unwrap(document.wrappedRootKey, context: Self.rootContext(document.id)).key
        } catch {
            throw .masterKey(error)
        }
        guard document.isAuthentic(under: root) else { throw .changed }
        let fingerprintKey = try Self.unwrap(
            document.wrappedFingerprintKey,
            as: .fingerprintKey,
            of: document.id,
            under: root
        )
        let seed = try Self.unwrap(document.wrappedAuditLogSeed, as: .auditLogSeed, of: document.id, under: root)
        var keys: [Int: RecipientPrivateKey] = [:]
        for version in document.versions {
            guard let wrapped = version.wrappedPrivateKey else { continue }
            let bytes = try Self.unwrap(wrapped, as: .privateKey(version.number), of: document.id, under: root)
            let key = try? RecipientPrivateKey(suite: version.recipient.suite, rawRepresentation: bytes)
            guard let key, key.recipient == version.recipient else { throw .changed }
            keys[version.number] = key
        }
        self.init(document: document, root: root, keys: keys, fingerprintKey: fingerprintKey, seed: seed)
    }

    private init(
        document: KeyringDocument,
        root: SymmetricKey,
        keys: [Int: RecipientPrivateKey],
        fingerprintKey: SymmetricKey,
        seed: SymmetricKey
    ) {
        self.document = document
        self.root = root
        self.keys = keys
        self.fingerprintKey = fingerprintKey
        self.fingerprinter = KeyFingerprinter(key: fingerprintKey)
        self.auditLogSeed = seed
    }

    /// Opens what is sealed to any version whose private half is not destroyed.
    package var opener: Opener { Opener(keys: Array(self.keys.values)) }

    /// Seals to the active version and to the offline recovery keys.
    package func sealer() throws(SealError) -> Sealer { try self.document.sealer() }

    /// Opens the canary of each version that is not destroyed, and tells which do not open; none is the good answer.
    package func failedCanaries() -> [CanaryFailure] {
        let opener = self.opener
        return self.document.versions.filter { $0.state != .destroyed }.compactMap { version in
            do throws(SealError) {
                try Canary.check(version.canary, keyring: self.document.id, version: version.number, with: opener)
                return nil
            } catch {
                return CanaryFailure(version: version.number, error: error)
            }
        }
    }
}
