import Crypto

/// Names a recipient's public key in sealed records: the first 8 bytes of a hash of it.
///
/// Made from the key, so that keys of different keyrings, and an offline one, are never taken for each other.
package struct RecipientID: Hashable, Sendable, CustomStringConvertible {
    /// The 8 bytes as a big-endian number.
    package let value: UInt64

    /// Takes the number.
    package init(value: UInt64) { self.value = value }

    /// Names a public key.
    init(suite: SealSuite, publicKey: [UInt8]) {
        var hash = SHA256()
        hash.update(data: Array("sparekey/seal/v1/recipient\n".utf8))
        hash.update(data: suite.rawValue.bigEndianBytes)
        hash.update(data: publicKey)
        self.init(value: hash.finalize().prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// Sixteen hexadecimal digits.
    package var description: String {
        let digits = String(self.value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension FixedWidthInteger {
    /// The bytes, most significant first.
    var bigEndianBytes: [UInt8] { withUnsafeBytes(of: self.bigEndian) { Array($0) } }
}
