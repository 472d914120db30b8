import EscrowModel
import HTTPTypes
import SignIn

/// A cookie of ours: 43 random characters, for this host alone, out of every script's reach.
struct PortalCookie: Sendable {
    /// What it is for.
    enum Kind: String, Sendable {
        /// While somebody is signed in.
        case session = "sparekey"
        /// Between the steps of a sign-in.
        case step = "sparekey-step"
    }

    let kind: Kind
    /// Whether it goes over TLS alone. Without, which is for trying things out on one machine, it cannot have the prefix
    /// that keeps neighbouring hosts from setting it.
    let isSecure: Bool

    /// What a browser sent; nil when it sent none, or more than one, of which one may be somebody else's.
    func value(in headers: HTTPFields) -> String? {
        let prefix = self.name + "="
        let values = headers[values: .cookie].flatMap { $0.split(separator: ";") }
            .map { $0.drop { $0 == " " } }
            .filter { $0.hasPrefix(prefix) }
        guard values.count == 1 else { return nil }
        return String(values[0].dropFirst(prefix.count))
    }

    /// The field that sets it, until the browser closes.
    func setting(_ value: String) -> String { "\(self.name)=\(value); \(self.attributes)" }

    /// The field that takes it away.
    var clearing: String { "\(self.name)=; Max-Age=0; \(self.attributes)" }

    private var name: String { (self.isSecure ? "__Host-" : "") + self.kind.rawValue }

    private var attributes: String { "Path=/; HttpOnly; SameSite=Lax" + (self.isSecure ? "; Secure" : "") }
}

extension HTTPFields {
    /// Adds a cookie beside those that are there.
    mutating func append(cookie: String) { self.append(HTTPField(name: .setCookie, value: cookie)) }
}
