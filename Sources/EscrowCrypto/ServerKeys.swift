package import Crypto

/// What a server may have of a keyring: public keys, and two secrets that open nothing.
package struct ServerKeys: Sendable {
    /// The document, whose secrets are wrapped.
    package let document: KeyringDocument
    /// The key that fingerprints are made with.
    package let fingerprintKey: SymmetricKey
    /// The 32 bytes from which the audit log's signing key is made.
    package let auditLogSeed: SymmetricKey

    /// Puts them together.
    package init(document: KeyringDocument, fingerprintKey: SymmetricKey, auditLogSeed: SymmetricKey) {
        self.document = document
        self.fingerprintKey = fingerprintKey
        self.auditLogSeed = auditLogSeed
    }
}

extension Keyring {
    /// What a server may have of it.
    package var serverKeys: ServerKeys {
        ServerKeys(document: self.document, fingerprintKey: self.fingerprintKey, auditLogSeed: self.auditLogSeed)
    }
}
