import HTTPTypes
import Hummingbird

/// What every answer says to browsers, caches and whoever asks for help later.
struct ResponseHeaders: Sendable {
    /// Whether clients reach the server by TLS, so that browsers can be told to insist on it.
    let isTLS: Bool

    /// Puts the fields on an answer, and takes the body off an answer to HEAD.
    func seal(_ response: inout Response, for request: Request, requestID: String) {
        if request.method == .head { response = response.createHeadResponse() }
        response.headers[.requestID] = requestID
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        response.headers[.xContentTypeOptions] = "nosniff"
        // Pages say what they need; everything else needs nothing.
        if response.headers[.contentSecurityPolicy] == nil {
            response.headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        }
        if response.headers[.referrerPolicy] == nil { response.headers[.referrerPolicy] = "no-referrer" }
        if self.isTLS { response.headers[.strictTransportSecurity] = "max-age=31536000" }
    }
}
