package import EscrowModel

/// Somebody whom a provider vouches for, and what they may do here.
package struct ProviderPerson: Equatable, Sendable {
    /// The provider.
    package let issuer: String
    /// The ID that is theirs there for good.
    package let subject: String
    /// Their name for people.
    package let name: String
    /// What devices name their owner by.
    package let userName: String?
    /// How and when they signed in there. When the provider does not say when, it counts as long ago.
    package let authentication: Authentication
    /// The provider's name for their session there.
    package let session: String?

    /// Reads verified claims; nil when they have no subject.
    package init?(_ claims: Claims, settings: OpenIDSettings) {
        guard let subject = claims.text("sub") else { return nil }
        self.issuer = settings.issuer
        self.subject = subject
        self.userName = Self.userName(claims, settings.userNameClaim)
        self.name = Self.name(claims.text("name")) ?? self.userName ?? subject
        self.authentication = Authentication(
            time: claims.time("auth_time") ?? Timestamp(milliseconds: 0),
            methods: (claims.members["amr"]?.texts ?? []).filter { Self.isWord($0) },
            context: claims.text("acr").flatMap { Self.name($0) }
        )
        self.session = claims.text("sid").flatMap { (1...255).contains($0.utf8.count) ? $0 : nil }
    }

    /// A user name; an email address only when the provider does not say that nobody has checked it.
    private static func userName(_ claims: Claims, _ claim: String) -> String? {
        if claim == "email" {
            guard ![.flag(false), .text("false")].contains(claims.members["email_verified"]) else { return nil }
        }
        return claims.text(claim).flatMap { Self.name($0) }
    }

    private static func name(_ text: String?) -> String? {
        guard let text, (try? Limits.check(text: text, field: "name")) != nil else { return nil }
        return text
    }

    private static func isWord(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
