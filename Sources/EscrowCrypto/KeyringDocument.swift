package import BitLocker
import Crypto

/// A keyring as it is stored: public keys in the clear, everything secret wrapped by the root key, and that by the master
/// key.
///
/// Kept as one row; replace it only where the row still has the generation that was read. Readable without the master key,
/// which is all that a server needs that only takes deposits. Such a server must trust its database for the public keys:
/// the MAC over the document is checked only where the root key is.
package struct KeyringDocument: Sendable, Equatable {
    /// Which keyring it is, from its making on; what is wrapped in one does not unwrap in another.
    package let id: GUID
    /// Grows by one with each change.
    package internal(set) var generation: Int
    /// The `id` of the master key that wraps the root key.
    package internal(set) var masterKey: String
    /// The key pairs, by number.
    package internal(set) var versions: [KeyringVersion]
    /// The Ed25519 public key of the audit log's signatures, 32 bytes.
    package let auditLogPublicKey: [UInt8]
    /// The root key, as the master key's provider wrapped it.
    var wrappedRootKey: [UInt8]
    /// The key that fingerprints are made with, under the root key.
    var wrappedFingerprintKey: [UInt8]
    /// The seed of the audit log's signing key, under the root key.
    var wrappedAuditLogSeed: [UInt8]
    /// HMAC-SHA-256 with a key made from the root key, over the canonical JSON of all the rest.
    var mac: [UInt8]

    /// The version that new secrets are sealed to.
    package var active: KeyringVersion {
        guard let version = self.versions.first(where: { $0.state == .active }) else {
            preconditionFailure("a keyring without an active version, which reading and changing one rule out")
        }
        return version
    }

    /// The version that a record's recipient is, nil for one that is none of the keyring's.
    package func version(of recipient: RecipientID) -> KeyringVersion? {
        self.versions.first { $0.recipient.id == recipient }
    }

    /// Seals to the active version and to others, such as an offline recovery key.
    package func sealer(alsoTo others: [Recipient] = []) throws(SealError) -> Sealer {
        try Sealer(recipients: [self.active.recipient] + others)
    }

    /// Whether the MAC is the root key's.
    func isAuthentic(under root: SymmetricKey) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(self.mac, authenticating: self.authenticatedBytes, using: Self.key(root))
    }

    /// Makes the MAC anew, after a change.
    mutating func authenticate(under root: SymmetricKey) {
        self.mac = Array(HMAC<SHA256>.authenticationCode(for: self.authenticatedBytes, using: Self.key(root)))
    }

    private static func key(_ root: SymmetricKey) -> SymmetricKey {
        HKDF<SHA256>.expand(
            pseudoRandomKey: root,
            info: Array("sparekey/keyring/v1/document".utf8),
            outputByteCount: 32
        )
    }
}
