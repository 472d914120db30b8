package import BitLocker
import Crypto
package import EscrowCrypto

/// What a password is checked against: scrypt (RFC 7914), with the salt and the cost that it was made with.
///
/// `1 | log2 N | r | p | salt (16) | key (32)`.
package struct PasswordHash: Equatable, Sendable {
    private static let saltLength = 16
    private static let keyLength = 32

    /// The bytes, as the store keeps them.
    package let bytes: [UInt8]

    /// Takes stored bytes; nil when they are not of this form, or would cost more work than we do.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 + Self.saltLength + Self.keyLength, bytes[0] == 1,
            ScryptCost(logN: bytes[1], blockSize: bytes[2], parallelism: bytes[3]).isWithinBounds
        else { return nil }
        self.bytes = bytes
    }

    /// Hashes a password; half a second at the standard cost. Nil when the cost is out of bounds.
    package init?(
        of password: borrowing SecretBytes,
        cost: ScryptCost,
        using generator: inout some RandomNumberGenerator
    ) {
        let salt = (0..<Self.saltLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        guard let key = cost.key(passphrase: password.key, salt: salt, length: Self.keyLength) else { return nil }
        self.init(
            bytes: [1, cost.logN, cost.blockSize, cost.parallelism] + salt + key.withUnsafeBytes { Array($0) }
        )
    }

    /// A hash that nobody has the password of: for the same work where there is no account.
    package static func decoy(cost: ScryptCost) -> [UInt8] {
        [1, cost.logN, cost.blockSize, cost.parallelism]
            + [UInt8](repeating: 0, count: Self.saltLength + Self.keyLength)
    }

    /// Whether it is this password, in constant time.
    package func matches(_ password: borrowing SecretBytes) -> Bool {
        let cost = ScryptCost(logN: self.bytes[1], blockSize: self.bytes[2], parallelism: self.bytes[3])
        let salt = Array(self.bytes[4..<4 + Self.saltLength])
        let expected = SymmetricKey(data: self.bytes.suffix(Self.keyLength))
        return cost.key(passphrase: password.key, salt: salt, length: Self.keyLength) == expected
    }
}
