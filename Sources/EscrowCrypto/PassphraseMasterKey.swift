package import BitLocker
import Crypto
import Dispatch

/// A master key that is derived from a passphrase, typed when the server starts.
///
/// What it wraps carries the salt and the cost it was derived with, so that a later version can ask for more work and
/// still open what an earlier one made:
/// `"SKMP" | 1 | log2 N | r | p | salt (16) | nonce (12) | ciphertext, tag (16)`, all before the nonce authenticated.
package struct PassphraseMasterKey: MasterKeyProvider {
    /// How many bytes of UTF-8 a new passphrase must have.
    package static let shortestPassphrase = 12

    private static let magic = Array("SKMP".utf8) + [1]
    private static let saltLength = 16
    private static let headerLength = 24

    /// The kind only: a value made from the passphrase would help guess it.
    package var id: String { "passphrase" }
    /// Names the passphrase.
    package var whereabouts: String { "the passphrase that was given" }
    private let passphrase: SymmetricKey
    private let cost: ScryptCost

    /// Takes a passphrase.
    ///
    /// - Parameters:
    ///   - passphrase: as typed, without the line break.
    ///   - cost: what new wraps are derived with.
    package init(_ passphrase: borrowing SecretBytes, cost: ScryptCost = .standard) {
        self.passphrase = passphrase.key
        self.cost = cost
    }

    /// Derives a key from the passphrase and a new salt, and encrypts with AES-256-GCM.
    package func wrap(_ secret: borrowing SecretBytes, context: String) async throws(MasterKeyError) -> [UInt8] {
        guard self.passphrase.bitCount >= 8 * Self.shortestPassphrase else {
            throw .passphraseTooShort(minimum: Self.shortestPassphrase)
        }
        guard (1...MasterKey.longestSecret).contains(secret.count) else { throw .badLength }
        guard self.cost.isWithinBounds else { throw .costOutOfBounds }
        let salt = SymmetricKey(size: SymmetricKeySize(bitCount: 8 * Self.saltLength)).withUnsafeBytes { Array($0) }
        let header = Self.magic + [self.cost.logN, self.cost.blockSize, self.cost.parallelism] + salt
        guard let key = await self.key(salt: salt, cost: self.cost) else { throw .costOutOfBounds }
        let wrapped = secret.withUnsafeBytes {
            WrappedSecret.wrap($0, under: key, authenticating: header + context.utf8)
        }
        guard let wrapped else { throw .badLength }
        return header + wrapped
    }

    /// Derives the key as the wrapped bytes say, and decrypts.
    package func unwrap(_ wrapped: [UInt8], context: String) async throws(MasterKeyError) -> SecretBytes {
        guard wrapped.count > Self.headerLength, wrapped.starts(with: Self.magic) else {
            throw .malformed(whereabouts: self.whereabouts)
        }
        let header = Array(wrapped.prefix(Self.headerLength))
        let cost = ScryptCost(logN: header[5], blockSize: header[6], parallelism: header[7])
        guard cost.isWithinBounds else { throw .costOutOfBounds }
        guard let key = await self.key(salt: Array(header.suffix(Self.saltLength)), cost: cost) else {
            throw .costOutOfBounds
        }
        let secret = WrappedSecret.unwrap(
            wrapped.dropFirst(Self.headerLength),
            under: key,
            authenticating: header + context.utf8
        )
        guard let secret else { throw .doesNotUnwrap(whereabouts: self.whereabouts) }
        return secret.secretBytes
    }

    /// Half a second of work, so off the threads that serve requests.
    private func key(salt: [UInt8], cost: ScryptCost) async -> SymmetricKey? {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: cost.key(passphrase: self.passphrase, salt: salt))
            }
        }
    }
}
