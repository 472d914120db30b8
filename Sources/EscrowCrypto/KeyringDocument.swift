package import BitLocker
import Crypto

/// A keyring as it is stored: public keys in the clear, everything secret wrapped by the root key, and that by the master
/// key.
///
/// Kept as one row; replace it only where the row still has the generation that was read. Readable without the master key,
/// which is all that a server needs that only takes deposits. Such a server cannot check the MAC over the document, since
/// that takes the root key; it checks the signature over what it seals to, with the ``IngestKeys`` that it was given.
package struct KeyringDocument: Sendable, Equatable {
    /// How many offline recovery keys there can be.
    package static let mostRecoveryRecipients = 4

    /// The version of the format that it was read in; each change writes the newest.
    package internal(set) var format: Int
    /// Which keyring it is, from its making on; what is wrapped in one does not unwrap in another.
    package let id: GUID
    /// Grows by one with each change.
    package internal(set) var generation: Int
    /// Grows by one each time new secrets are sealed to other keys than before: a record of an earlier epoch is to be
    /// rewrapped. 1 at first.
    package internal(set) var sealEpoch: Int
    /// The `id` of the master key that wraps the root key.
    package internal(set) var masterKey: String
    /// The key pairs, by number.
    package internal(set) var versions: [KeyringVersion]
    /// Offline keys that everything is sealed to as well, in the order in which they were added.
    package internal(set) var recoveryRecipients: [RecoveryRecipient]
    /// The Ed25519 public key of the audit log's signatures, 32 bytes.
    package let auditLogPublicKey: [UInt8]
    /// The root key, as the master key's provider wrapped it.
    var wrappedRootKey: [UInt8]
    /// The key that fingerprints are made with, under the root key.
    var wrappedFingerprintKey: [UInt8]
    /// The seed of the audit log's signing key, under the root key.
    var wrappedAuditLogSeed: [UInt8]
    /// The audit log's key's signature over ``publicBytes``; empty in format 1.
    var signature: [UInt8]
    /// HMAC-SHA-256 with a key made from the root key, over the canonical JSON of all the rest.
    var mac: [UInt8]

    /// The version that new secrets are sealed to.
    package var active: KeyringVersion {
        guard let version = self.versions.first(where: { $0.state == .active }) else {
            preconditionFailure("a keyring without an active version, which reading and changing one rule out")
        }
        return version
    }

    /// Whom new secrets are sealed to: the active version, then the offline recovery keys.
    package var recipients: [Recipient] { [self.active.recipient] + self.recoveryRecipients.map(\.recipient) }

    /// The version that a record's recipient is, nil for one that is none of the keyring's.
    package func version(of recipient: RecipientID) -> KeyringVersion? {
        self.versions.first { $0.recipient.id == recipient }
    }

    /// The seal epochs whose secrets are sealed to a version; empty for one that nothing was sealed to.
    package func sealEpochs(of version: KeyringVersion) -> Range<Int> {
        guard version.state != .pending, let first = version.sealsFrom ?? (version.state == .destroyed ? nil : 1) else {
            return 0..<0
        }
        let later = self.versions.compactMap(\.sealsFrom).filter { $0 > first }
        return first..<(later.min() ?? self.sealEpoch + 1)
    }

    /// Seals to the active version and to the offline recovery keys.
    package func sealer() throws(SealError) -> Sealer { try Sealer(recipients: self.recipients) }

    /// Whether the MAC is the root key's.
    func isAuthentic(under root: SymmetricKey) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(self.mac, authenticating: self.authenticatedBytes, using: Self.key(root))
    }

    /// Whether the audit log's key signed what is sealed to.
    func isSigned(by publicKey: [UInt8]) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
        return key.isValidSignature(self.signature, for: self.publicBytes)
    }

    /// Signs what is sealed to, and makes the MAC anew, after a change.
    mutating func authenticate(under root: SymmetricKey, signingWith seed: SymmetricKey) throws(KeyringError) {
        self.format = Self.newestFormat
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
            let signature = try? key.signature(for: self.publicBytes)
        else { throw .sealing(.encryptionFailed) }
        self.signature = Array(signature)
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
