import Crypto
import FoundationEssentials

/// Somebody secrets can be sealed to: a public key, which opens nothing.
package struct Recipient: Sendable, Equatable {
    private enum Key: Sendable {
        case p256(P256.KeyAgreement.PublicKey)
        case xWing(XWingMLKEM768X25519.PublicKey)
    }

    /// The algorithms of the key.
    package let suite: SealSuite
    /// The public key: 65 bytes (SEC 1, uncompressed) for P-256, 1,216 for X-Wing.
    package let publicKey: [UInt8]
    /// The key's name in sealed records.
    package let id: RecipientID
    private let key: Key

    /// Takes a public key, or throws `SealError.invalidPublicKey` when it is none of the suite's.
    package init(suite: SealSuite, publicKey: [UInt8]) throws(SealError) {
        do {
            switch suite {
            case .p256: self.key = .p256(try P256.KeyAgreement.PublicKey(x963Representation: publicKey))
            case .xWing: self.key = .xWing(try XWingMLKEM768X25519.PublicKey(rawRepresentation: publicKey))
            }
        } catch {
            throw .invalidPublicKey
        }
        self.suite = suite
        self.publicKey = publicKey
        self.id = RecipientID(suite: suite, publicKey: publicKey)
    }

    /// Seals a data key: the encapsulated key and the ciphertext, in that order (RFC 9180, section 6.1).
    func seal(_ dataKey: SymmetricKey, info: [UInt8]) throws -> [UInt8] {
        let info = Data(info)
        var sender =
            switch self.key {
            case .p256(let key): try HPKE.Sender(recipientKey: key, ciphersuite: self.suite.ciphersuite, info: info)
            case .xWing(let key): try HPKE.Sender(recipientKey: key, ciphersuite: self.suite.ciphersuite, info: info)
            }
        return Array(sender.encapsulatedKey) + (try dataKey.withUnsafeBytes { try sender.seal($0) })
    }

    /// By suite and public key.
    package static func == (left: Recipient, right: Recipient) -> Bool {
        left.suite == right.suite && left.publicKey == right.publicKey
    }
}
