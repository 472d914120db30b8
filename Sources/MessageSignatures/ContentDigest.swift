import Crypto
import FoundationEssentials
import HTTPTypes
import RawStructuredFieldValues

/// The digest of a request's content (RFC 9530), with SHA-256.
package enum ContentDigest {
    /// The field's value for a content.
    package static func value(of body: [UInt8]) -> String {
        "sha-256=:\(Data(SHA256.hash(data: body)).base64EncodedString()):"
    }

    /// Checks a field's value against a content; digests of other algorithms beside SHA-256 are ignored.
    package static func check(_ value: String, of body: [UInt8]) throws(SignatureError) {
        let members = try StructuredField.dictionary(value, field: .contentDigest)
        guard case .item(let item) = members["sha-256"] else { throw .unsupportedDigest }
        guard case .undecodedByteSequence(let base64) = item.rfc9651BareItem,
            let digest = Data(base64Encoded: base64), digest.count == SHA256.byteCount
        else { throw .unsupportedDigest }
        guard SHA256.hash(data: body) == digest else { throw .digestMismatch }
    }
}
