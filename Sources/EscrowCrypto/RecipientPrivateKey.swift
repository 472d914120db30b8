package import Crypto
import FoundationEssentials

/// The half of a recipient that opens. Its bytes are wiped by Crypto when the last copy goes.
package struct RecipientPrivateKey: Sendable {
    private enum Key: Sendable {
        case p256(P256.KeyAgreement.PrivateKey)
        case xWing(XWingMLKEM768X25519.PrivateKey)
    }

    /// The other half.
    package let recipient: Recipient
    private let key: Key

    /// Makes a new key pair from the system's source of randomness.
    package static func generate(_ suite: SealSuite) throws(SealError) -> RecipientPrivateKey {
        // For X-Wing, any 32 bytes are a seed; for P-256 the library draws the scalar.
        switch suite {
        case .p256: try RecipientPrivateKey(.p256(P256.KeyAgreement.PrivateKey()))
        case .xWing: try RecipientPrivateKey(suite: .xWing, rawRepresentation: SymmetricKey(size: .bits256))
        }
    }

    /// Takes 32 bytes: the scalar for P-256, the seed for X-Wing.
    package init(suite: SealSuite, rawRepresentation: SymmetricKey) throws(SealError) {
        let key: Key
        do {
            switch suite {
            case .p256:
                key = .p256(try P256.KeyAgreement.PrivateKey(rawRepresentation: rawRepresentation))
            case .xWing:
                key = .xWing(
                    try rawRepresentation.withUnsafeBytes { seed in
                        try XWingMLKEM768X25519.PrivateKey(seedRepresentation: seed, publicKey: nil)
                    }
                )
            }
        } catch {
            throw .invalidPrivateKey
        }
        try self.init(key)
    }

    private init(_ key: Key) throws(SealError) {
        self.key = key
        switch key {
        case .p256(let key):
            self.recipient = try Recipient(suite: .p256, publicKey: Array(key.publicKey.x963Representation))
        case .xWing(let key):
            self.recipient = try Recipient(suite: .xWing, publicKey: Array(key.publicKey.rawRepresentation))
        }
    }

    /// The 32 bytes to keep under lock; see `init(suite:rawRepresentation:)`.
    package var rawRepresentation: SymmetricKey {
        var bytes: Data
        switch self.key {
        case .p256(let key): bytes = key.rawRepresentation
        case .xWing(let key): bytes = key.seedRepresentation
        }
        defer { bytes.wipe() }
        return SymmetricKey(data: bytes)
    }

    /// Opens a data key; nil when it was not sealed to this key under this info.
    func open(_ sealed: ArraySlice<UInt8>, info: [UInt8]) -> SymmetricKey? {
        let suite = self.recipient.suite
        guard sealed.count > suite.encapsulatedKeyLength else { return nil }
        let encapsulated = Data(sealed.prefix(suite.encapsulatedKeyLength))
        let info = Data(info)
        do {
            var recipient =
                switch self.key {
                case .p256(let key):
                    try HPKE.Recipient(
                        privateKey: key,
                        ciphersuite: suite.ciphersuite,
                        info: info,
                        encapsulatedKey: encapsulated
                    )
                case .xWing(let key):
                    try HPKE.Recipient(
                        privateKey: key,
                        ciphersuite: suite.ciphersuite,
                        info: info,
                        encapsulatedKey: encapsulated
                    )
                }
            var opened = try recipient.open(sealed.dropFirst(suite.encapsulatedKeyLength))
            defer { opened.wipe() }
            return SymmetricKey(data: opened)
        } catch {
            // The library says no more than that it did not open.
            return nil
        }
    }
}
