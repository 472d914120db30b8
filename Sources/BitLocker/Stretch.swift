import CStretch
import Crypto
import FoundationEssentials
import Glibc

/// The slow step from a recovery password to the key that opens the volume master key.
///
/// A chain of 1,048,576 SHA-256 hashes, about a tenth of a second of one core: run it where blocking is allowed, and not
/// more of them at once than there are cores. Source: libbde's format documentation, "Key stretching".
public enum Stretch {
    /// How many rounds BitLocker makes.
    public static let rounds: UInt64 = 0x10_0000

    /// Which implementation runs on this processor: "x86 SHA", "ARM SHA2" or "portable".
    public static var implementation: String { String(cString: sparekey_stretch_implementation()) }

    /// The bare chain over a 32-byte hash and a 16-byte salt, for tests and for measuring; nil for other lengths.
    public static func chain(initial: Span<UInt8>, salt: Span<UInt8>, rounds: UInt64 = Self.rounds) -> [UInt8]? {
        guard initial.count == 32, salt.count == 16 else { return nil }
        var result = [UInt8](repeating: 0, count: 32)
        initial.withUnsafeBufferPointer { initial in
            salt.withUnsafeBufferPointer { salt in
                sparekey_stretch(initial.baseAddress, salt.baseAddress, rounds, &result)
            }
        }
        return result
    }

    /// The 32-byte key that a recovery password gives with the 16-byte salt of its protector.
    static func key(of password: borrowing RecoveryPassword, salt: [UInt8]) -> SecretBytes {
        precondition(salt.count == 16, "the parser hands over whole salts only")
        return SecretBytes(count: 32) { key in
            password.withBytes { bytes in
                var hash = bytes.withUnsafeBytes { SHA256.hash(data: $0) }
                withUnsafeMutableBytes(of: &hash) { hash in
                    let key = key.bindMemory(to: UInt8.self)
                    sparekey_stretch(hash.bindMemory(to: UInt8.self).baseAddress, salt, Self.rounds, key.baseAddress)
                    if let start = hash.baseAddress { explicit_bzero(start, hash.count) }
                }
            }
        }
    }
}
