import BitLocker
import Crypto

/// How a keyring's secrets are wrapped: each for its own purpose in its own keyring, so that none passes for another.
extension Keyring {
    /// What a wrapped secret is.
    enum Purpose {
        case fingerprintKey
        case auditLogSeed
        case privateKey(Int)

        func context(of keyring: GUID) -> [UInt8] {
            let name =
                switch self {
                case .fingerprintKey: "fingerprint-key"
                case .auditLogSeed: "audit-log-seed"
                case .privateKey(let number): "private-key/\(number)"
                }
            return Array("sparekey/keyring/v1/\(name)\n\(keyring)".utf8)
        }
    }

    /// The context that the master key's provider binds the root key to.
    static func rootContext(_ keyring: GUID) -> String { "sparekey/keyring/v1/root-key\n\(keyring)" }

    /// Wraps the root key under the master key.
    static func wrap(
        _ root: SymmetricKey,
        of keyring: GUID,
        under provider: any MasterKeyProvider
    ) async throws(KeyringError) -> [UInt8] {
        do {
            return try await provider.wrap(root.secretBytes, context: Self.rootContext(keyring))
        } catch {
            throw .masterKey(error)
        }
    }

    /// Wraps another secret under the root key.
    static func wrap(
        _ secret: SymmetricKey,
        as purpose: Purpose,
        of keyring: GUID,
        under root: SymmetricKey
    ) throws(KeyringError) -> [UInt8] {
        let wrapped = secret.withUnsafeBytes {
            WrappedSecret.wrap($0, under: root, authenticating: purpose.context(of: keyring))
        }
        guard let wrapped else { throw .sealing(.encryptionFailed) }
        return wrapped
    }

    /// Unwraps a secret that must have been wrapped under the root key for this purpose.
    static func unwrap(
        _ wrapped: [UInt8],
        as purpose: Purpose,
        of keyring: GUID,
        under root: SymmetricKey
    ) throws(KeyringError) -> SymmetricKey {
        let context = purpose.context(of: keyring)
        guard let secret = WrappedSecret.unwrap(wrapped, under: root, authenticating: context), secret.bitCount == 256
        else { throw .changed }
        return secret
    }
}
