package import HTTPTypes

/// The parts of an HTTP request that a device's signature is about, with the fields that carry it.
package struct SignedRequest: Sendable {
    /// The method, in the case that was sent.
    package var method: String
    /// The path as it was sent, percent-encoded, without the query.
    package var path: String
    /// The query as it was sent, without the question mark; empty for a question mark alone, nil when there is none.
    package var query: String?
    /// The header fields.
    package var headers: HTTPFields
    /// The content, empty when there is none.
    package var body: [UInt8]

    /// Makes a request from its parts; an empty path means `/` (RFC 9421, section 2.2.6).
    package init(method: String, path: String, query: String? = nil, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.method = method
        self.path = path.isEmpty ? "/" : path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// Takes a request as HTTP libraries hold it, where path and query are one text.
    package init(_ head: HTTPRequest, body: [UInt8]) {
        let target = head.path ?? "/"
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(
            method: head.method.rawValue,
            path: parts.first.map(String.init) ?? "/",
            query: parts.count == 2 ? String(parts[1]) : nil,
            headers: head.headerFields,
            body: body
        )
    }
}

extension HTTPField.Name {
    /// `Content-Digest` (RFC 9530, section 2).
    package static let contentDigest = Self.known("Content-Digest")
    /// `Signature-Input` (RFC 9421, section 4.1).
    package static let signatureInput = Self.known("Signature-Input")
    /// `Signature` (RFC 9421, section 4.2).
    package static let signature = Self.known("Signature")

    private static func known(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is not a field name") }
        return name
    }
}
