package import Crypto
import FoundationEssentials
package import HTTPTypes

/// Signs a device's requests under the profile.
package struct RequestSigner: Sendable {
    private let keyID: String
    private let key: P256.Signing.PrivateKey
    private let lifetime: Int64

    /// Makes a signer.
    ///
    /// - Parameters:
    ///   - keyID: what the server knows the key by; printable ASCII.
    ///   - key: the device's key.
    ///   - lifetime: how many seconds a signature holds, at most `SignatureProfile.longestLifetime`.
    package init(keyID: String, key: P256.Signing.PrivateKey, lifetime: Int64 = 120) {
        self.keyID = keyID
        self.key = key
        self.lifetime = lifetime
    }

    /// The three fields that a request needs: `Content-Digest`, `Signature-Input` and `Signature`.
    ///
    /// - Parameters:
    ///   - request: what is to be signed; its header fields do not matter.
    ///   - now: the time, in seconds since 1970-01-01 UTC.
    ///   - generator: where the nonce comes from; must be cryptographically secure.
    package func fields(
        for request: SignedRequest,
        at now: Int64,
        using generator: inout some RandomNumberGenerator
    ) throws -> HTTPFields {
        let nonce = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let components = SignatureProfile.components(of: request)
        let parameters = SignatureParameters(
            components: components,
            created: now,
            expires: now + self.lifetime,
            nonce: Data(nonce).base64EncodedString(),
            keyID: self.keyID
        )
        guard let serialized = parameters.list.serialized else { throw SignatureError.malformedParameter("keyid") }
        let digest = ContentDigest.value(of: request.body)
        let base = try SignatureBase(
            of: request,
            contentDigest: digest,
            components: components,
            parameters: serialized
        )
        let signature = try self.key.signature(for: Array(base.text.utf8)).rawRepresentation
        return [
            .contentDigest: digest,
            .signatureInput: "\(SignatureProfile.label)=\(serialized)",
            .signature: "\(SignatureProfile.label)=:\(signature.base64EncodedString()):",
        ]
    }
}
