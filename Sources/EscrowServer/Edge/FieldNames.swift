package import HTTPTypes

extension HTTPField.Name {
    /// `X-Request-ID`, as proxies and load balancers know it.
    package static let requestID = Self.known("X-Request-ID")
    /// A page's own script fetches it anew; nobody did anything.
    static let ownFetch = Self.known("Sparekey-Live")
    /// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
    package static let idempotencyKey = Self.known("Idempotency-Key")
    /// `Referrer-Policy`.
    static let referrerPolicy = Self.known("Referrer-Policy")
    /// `Cross-Origin-Opener-Policy`.
    static let crossOriginOpenerPolicy = Self.known("Cross-Origin-Opener-Policy")
    /// `Sec-Fetch-Site` (Fetch Metadata): from where a browser says that a request comes.
    static let secFetchSite = Self.known("Sec-Fetch-Site")
    /// `Clear-Site-Data`.
    static let clearSiteData = Self.known("Clear-Site-Data")
    /// `Refresh`: leads a browser on to another page (HTML, section 7.5.1).
    static let leadOn = Self.known("Refresh")

    private static func known(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is not a field name") }
        return name
    }
}
