package import EscrowModel

/// Whose sessions a provider has end (OpenID Connect Back-Channel Logout 1.0).
package struct LogoutToken: Equatable, Sendable {
    /// How old one may be.
    package static let patience = TimeSpan.minutes(5)
    private static let event = "http://schemas.openid.net/event/backchannel-logout"

    /// The session at the provider; nil for all of the person's.
    package let providerSession: String?
    /// The person; nil for whoever has the session.
    package let subject: String?
    /// The token's own ID, by which a second one is known.
    package let id: String
    /// Until when it could come again.
    package let until: Timestamp

    /// Verifies a token, signature first.
    package init(
        _ token: SignedToken,
        by keys: ProviderKeys,
        issuer: String,
        clientID: String,
        at now: Timestamp
    ) async throws(TokenProblem) {
        guard ["logout+jwt", "jwt"].contains(token.type ?? "jwt") else { throw .type }
        let claims = try await token.claims(by: keys)
        try IDTokenExpectation.check(claims, issuer: issuer, audience: clientID, at: now)
        guard let issued = claims.time("iat"), now < issued + Self.patience else { throw .expired }
        guard case .object? = claims.members["events"]?.members?[Self.event] else { throw .event }
        // With one it could be an ID token.
        guard claims.members["nonce"] == nil else { throw .nonce }
        guard let id = claims.text("jti"), (1...255).contains(id.utf8.count) else { throw .event }
        let (session, subject) = (claims.text("sid"), claims.text("sub"))
        guard session != nil || subject != nil, subject == nil || IDTokenExpectation.isSubject(subject),
            (session?.utf8.count ?? 1) <= 255
        else { throw .subject }
        self.providerSession = session
        self.subject = subject
        self.id = id
        self.until = issued + Self.patience + IDTokenExpectation.leeway
    }
}
