package import Crypto

/// A keyed hash of a secret: says whether two deposits are the same secret, and nothing to anybody without the key.
///
/// Lies beside the sealed record, so that a deposit can be recognised, and "do you hold this key?" answered, without opening
/// anything.
package struct KeyFingerprint: Hashable, Sendable, CustomStringConvertible {
    /// How many bytes there are.
    package static let length = 16

    /// The bytes, as the store keeps them.
    package let bytes: [UInt8]

    /// Takes stored bytes; nil when there are not 16.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    fileprivate init(_ code: HMAC<SHA256>.MAC) { self.bytes = Array(code.prefix(Self.length)) }

    /// In a time that does not depend on where they differ.
    package static func == (left: KeyFingerprint, right: KeyFingerprint) -> Bool {
        constantTimeEqual(left.bytes, right.bytes)
    }

    /// 32 hexadecimal digits.
    package var description: String { Hexadecimal.text(of: self.bytes) }
}

/// Makes fingerprints with the keyring's fingerprint key.
package struct KeyFingerprinter: Sendable {
    private let key: SymmetricKey

    /// Takes the key, 32 random bytes.
    package init(key: SymmetricKey) { self.key = key }

    /// The fingerprint of a secret of a device, a volume, a protector and a kind.
    ///
    /// HMAC-SHA-256 over the length of the context, the context without the key version, and the secret; its first 16
    /// bytes. The secret must always be given in the same form.
    package func fingerprint(of secret: Span<UInt8>, context: SealContext) -> KeyFingerprint {
        let context = context.fingerprintBytes
        var code = HMAC<SHA256>(key: self.key)
        code.update(data: UInt32(context.count).bigEndianBytes)
        code.update(data: context)
        secret.withUnsafeBytes { code.update(data: $0) }
        return KeyFingerprint(code.finalize())
    }
}
