package import Crypto
import CryptoExtras

/// How much work it is to derive a key from a passphrase (scrypt, RFC 7914).
package struct ScryptCost: Hashable, Sendable {
    /// The binary logarithm of N: each step doubles time and memory.
    package let logN: UInt8
    /// The block size r.
    package let blockSize: UInt8
    /// The parallelisation p.
    package let parallelism: UInt8

    /// Makes a cost from its parameters.
    package init(logN: UInt8, blockSize: UInt8 = 8, parallelism: UInt8 = 1) {
        self.logN = logN
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    /// For new keyrings: N = 2^17, r = 8, p = 1, half a second and 128 MiB (OWASP's first choice).
    package static let standard = ScryptCost(logN: 17)

    /// Whether a stored cost is one we would work off: at most 2^20, 1 GiB, and p up to 4. Who can write to the database
    /// must not be able to make a server eat its memory at start.
    package var isWithinBounds: Bool {
        (10...20).contains(self.logN) && (1...8).contains(self.blockSize) && (1...4).contains(self.parallelism)
    }

    /// Derives a key; nil when the library refuses the parameters.
    package func key(passphrase: SymmetricKey, salt: [UInt8], length: Int = 32) -> SymmetricKey? {
        passphrase.withUnsafeBytes { passphrase in
            try? KDF.Scrypt.deriveKey(
                from: passphrase,
                salt: salt,
                outputByteCount: length,
                rounds: 1 << Int(self.logN),
                blockSize: Int(self.blockSize),
                parallelism: Int(self.parallelism)
            )
        }
    }
}
