import Crypto
import FoundationEssentials
import HTTPTypes
import MessageSignatures

/// A device with a key, and a request of its.
struct SigningFixture {
    static let now: Int64 = 1_800_000_000

    let key = P256.Signing.PrivateKey()
    var publicKey: DevicePublicKey { DevicePublicKey(of: self.key) }
    var signer: RequestSigner { RequestSigner(keyID: "device-1", key: self.key) }

    /// A deposit as a device sends it, signed at `now`.
    func request(query: String? = nil, body: [UInt8] = Array(#"{"a":1}"#.utf8)) throws -> SignedRequest {
        try self.signed(SignedRequest(method: "POST", path: "/api/agent/v1/deposit", query: query, body: body))
    }

    func signed(_ request: SignedRequest, at now: Int64 = Self.now) throws -> SignedRequest {
        var generator = SystemRandomNumberGenerator()
        var request = request
        request.headers.append(contentsOf: try self.signer.fields(for: request, at: now, using: &generator))
        return request
    }

    /// Signs components and parameters that the signer would never write.
    ///
    /// `values` is what the base has for them; nil for what the default components have.
    func signed(
        components: String = #"("@method" "@path" "content-digest")"#,
        parameters: String,
        values: [(name: String, value: String)]? = nil
    ) throws -> SignedRequest {
        var request = SignedRequest(method: "POST", path: "/api/agent/v1/deposit", body: Array("{}".utf8))
        let digest = ContentDigest.value(of: request.body)
        let input = components + parameters
        let base = SignatureBase(
            components: values ?? [("@method", "POST"), ("@path", request.path), ("content-digest", digest)],
            parameters: input
        )
        let signature = try self.key.signature(for: Array(base.text.utf8)).rawRepresentation
        request.headers = [
            .contentDigest: digest,
            .signatureInput: "sig1=\(input)",
            .signature: "sig1=:\(signature.base64EncodedString()):",
        ]
        return request
    }

    /// All three steps of verifying.
    func verify(_ request: SignedRequest, at now: Int64 = Self.now) throws(SignatureError) -> VerifiedSignature {
        try RequestSignature(of: request, at: now).verified(with: self.publicKey)
    }
}
