/// What a device's signature must be: one profile of RFC 9421, without choices.
///
/// Covered are the method, the path, the query where there is one, and the content by its digest. Neither `@authority`
/// nor `@target-uri` is: a proxy that ends TLS may rewrite both, and a device behind it must still be believed. What
/// they would protect against, a signature carried to another server, needs the device's key to be enrolled there too.
package enum SignatureProfile {
    /// The label of the signature in both fields.
    package static let label = "sig1"
    /// The only algorithm: ECDSA on P-256 with SHA-256 (RFC 9421, section 3.3.4).
    package static let algorithm = "ecdsa-p256-sha256"
    /// The application and its version, so that a signature made for something else means nothing here.
    package static let tag = "sparekey-agent-v1"
    /// How many seconds a signature may hold.
    package static let longestLifetime: Int64 = 300
    /// How many seconds a device's clock may be ahead.
    package static let clockSkew: Int64 = 60
    /// How many bytes of UTF-8 a nonce may have.
    package static let nonceLength = 16...64
    /// How many bytes of UTF-8 a key ID may have.
    package static let keyIDLength = 1...128
    /// How many bytes one of the header fields may have: far more than any honest one, and little to parse.
    static let longestField = 2048

    /// The components that a signature of this request covers, in the order in which we write them.
    static func components(of request: SignedRequest) -> [SignatureComponent] {
        request.query == nil ? [.method, .path, .contentDigest] : [.method, .path, .query, .contentDigest]
    }
}

/// A part of a request that the profile's signature covers.
enum SignatureComponent: String {
    case method = "@method"
    case path = "@path"
    case query = "@query"
    case contentDigest = "content-digest"
}
