package import HTTPTypes

extension HTTPField.Name {
    /// `X-Request-ID`, as proxies and load balancers know it.
    package static let requestID = Self.known("X-Request-ID")
    /// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
    package static let idempotencyKey = Self.known("Idempotency-Key")
    /// `Referrer-Policy`.
    static let referrerPolicy = Self.known("Referrer-Policy")

    private static func known(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is not a field name") }
        return name
    }
}
