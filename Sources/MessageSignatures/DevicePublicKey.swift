package import Crypto
import FoundationEssentials

/// The key that a device enrolled with: a point of P-256, as an X.509 SubjectPublicKeyInfo.
package struct DevicePublicKey: Sendable, Equatable {
    /// Why something is not a device's public key.
    package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// The text is not base64.
        case notBase64
        /// The bytes are not the DER form of a SubjectPublicKeyInfo of an uncompressed point of P-256.
        case notP256

        /// What is wrong and what is needed instead.
        package var description: String {
            switch self {
            case .notBase64: "The public key must be base64 (RFC 4648, section 4)."
            case .notP256:
                "The public key must be a P-256 key as DER SubjectPublicKeyInfo (RFC 5480), the point uncompressed."
            }
        }
    }

    /// The DER form.
    package let derBytes: [UInt8]
    /// The point.
    let point: P256.Signing.PublicKey

    /// Reads the DER form; only the one way to write a key that we would write is accepted, so that a key has one thumbprint.
    package init(derBytes: [UInt8]) throws(Problem) {
        guard let point = try? P256.Signing.PublicKey(derRepresentation: derBytes),
            point.derRepresentation.elementsEqual(derBytes)
        else { throw .notP256 }
        self.derBytes = derBytes
        self.point = point
    }

    /// Reads the base64 of the DER form.
    package init(base64: String) throws(Problem) {
        guard let bytes = Data(base64Encoded: base64) else { throw .notBase64 }
        try self.init(derBytes: Array(bytes))
    }

    /// The public half of a signer's key.
    package init(of key: P256.Signing.PrivateKey) {
        self.point = key.publicKey
        self.derBytes = Array(key.publicKey.derRepresentation)
    }

    /// The base64 of the DER form.
    package var base64: String { Data(self.derBytes).base64EncodedString() }

    /// SHA-256 of the DER form, as 64 lower-case hexadecimal digits: the name of the key, also as a signature's `keyid`.
    package var thumbprint: String {
        let digits: StaticString = "0123456789abcdef"
        return String(unsafeUninitializedCapacity: 64) { buffer in
            var at = 0
            for byte in SHA256.hash(data: self.derBytes) {
                buffer[at] = digits.utf8Start[Int(byte >> 4)]
                buffer[at + 1] = digits.utf8Start[Int(byte & 0xF)]
                at += 2
            }
            return at
        }
    }

    /// By the DER form.
    package static func == (left: DevicePublicKey, right: DevicePublicKey) -> Bool { left.derBytes == right.derBytes }

    /// Whether a signature was made with this key over a base.
    package func isValid(_ signature: [UInt8], over base: SignatureBase) -> Bool {
        guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
        return self.point.isValidSignature(signature, for: Array(base.text.utf8))
    }
}
