import FoundationEssentials
import RawStructuredFieldValues

/// A request's signature, read and checked in every way that needs no key.
///
/// Verifying takes three steps, so that the key can come from a database in between:
/// ```
/// let signature = try RequestSignature(of: request, at: now)
/// guard let key = try await store.key(signature.keyID) else { … }
/// try nonces.use(try signature.verified(with: key), at: now)
/// ```
/// Until the second step nothing in it is proven, the key ID included.
package struct RequestSignature: Sendable {
    /// Which key is said to have made it.
    package let keyID: String
    private let nonce: String
    private let expires: Int64
    private let bytes: [UInt8]
    private let base: SignatureBase

    /// Reads the signature of a request under the profile.
    ///
    /// - Parameters:
    ///   - request: the request with its whole content.
    ///   - now: the server's time, in seconds since 1970-01-01 UTC.
    package init(of request: SignedRequest, at now: Int64) throws(SignatureError) {
        guard case .innerList(let list) = try StructuredField.signatureMember(of: .signatureInput, in: request.headers)
        else { throw .malformedField("Signature-Input") }
        let parameters = try SignatureParameters(list)
        try parameters.checkComponents(of: request)
        try parameters.checkTimes(at: now)

        guard case .item(let item) = try StructuredField.signatureMember(of: .signature, in: request.headers),
            case .undecodedByteSequence(let base64) = item.rfc9651BareItem, item.rfc9651Parameters.isEmpty
        else { throw .malformedField("Signature") }
        guard let bytes = Data(base64Encoded: base64), bytes.count == 64 else { throw .malformedSignature }

        let digest = try StructuredField.value(of: .contentDigest, in: request.headers)
        try ContentDigest.check(digest, of: request.body)

        guard let serialized = list.serialized else { throw .malformedField("Signature-Input") }
        self.base = try SignatureBase(
            of: request,
            contentDigest: digest,
            components: parameters.components,
            parameters: serialized
        )
        self.keyID = parameters.keyID
        self.nonce = parameters.nonce
        self.expires = parameters.expires
        self.bytes = Array(bytes)
    }

    /// Checks the signature itself with the key that the key ID stands for.
    package func verified(with key: DevicePublicKey) throws(SignatureError) -> VerifiedSignature {
        guard key.isValid(self.bytes, over: self.base) else { throw .wrongSignature }
        return VerifiedSignature(keyID: self.keyID, nonce: self.nonce, expires: self.expires)
    }
}

/// A signature that was made with the key it names.
///
/// Only `RequestSignature.verified(with:)` makes one.
package struct VerifiedSignature: Hashable, Sendable {
    /// Which key made it.
    package let keyID: String
    /// What makes it one of a kind among the key's.
    package let nonce: String
    /// When it ends, in seconds since 1970-01-01 UTC.
    package let expires: Int64

    /// Not for outside of this module: who holds one need not ask where it is from.
    init(keyID: String, nonce: String, expires: Int64) {
        self.keyID = keyID
        self.nonce = nonce
        self.expires = expires
    }
}
