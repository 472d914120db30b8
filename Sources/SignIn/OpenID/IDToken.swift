package import EscrowModel

/// What an ID token must be to count for a sign-in (OpenID Connect Core 1.0, section 3.1.3.7).
package struct IDTokenExpectation: Sendable {
    /// How far the provider's clock may differ from ours.
    package static let leeway = TimeSpan.seconds(60)
    private static let longestSubject = 255

    /// The provider.
    package var issuer: String
    /// What we are to it.
    package var clientID: String
    /// What this sign-in was begun with.
    package var nonce: String
    /// The access token that came with it.
    package var accessToken: String?
    /// Since when the person must have signed in at the provider; nil when it does not matter.
    package var authenticatedSince: Timestamp?
    /// The authentication contexts (`acr`) that will do; any when empty.
    package var contexts: [String] = []

    /// Says what is expected.
    package init(issuer: String, clientID: String, nonce: String, accessToken: String? = nil) {
        self.issuer = issuer
        self.clientID = clientID
        self.nonce = nonce
        self.accessToken = accessToken
    }

    /// Verifies a token, signature first.
    package func claims(
        of token: SignedToken,
        by keys: ProviderKeys,
        at now: Timestamp
    ) async throws(TokenProblem) -> Claims {
        // An access token or a logout token of the same provider is no ID token.
        guard token.type ?? "jwt" == "jwt" else { throw .type }
        let claims = try await token.claims(by: keys)
        try self.check(claims, token.algorithm, at: now)
        return claims
    }

    private func check(_ claims: Claims, _ algorithm: TokenAlgorithm, at now: Timestamp) throws(TokenProblem) {
        try Self.check(claims, issuer: self.issuer, audience: self.clientID, at: now)
        guard Self.isSubject(claims.text("sub")) else { throw .subject }
        guard let nonce = claims.text("nonce"), nonce == self.nonce else { throw .nonce }
        if let hash = claims.members["at_hash"], let accessToken = self.accessToken {
            guard hash.text == algorithm.leftHalf(of: accessToken) else { throw .accessTokenHash }
        }
        if let since = self.authenticatedSince {
            guard let time = claims.time("auth_time"), since < time + Self.leeway, time < now + Self.leeway else {
                throw .authenticationTime
            }
        }
        if !self.contexts.isEmpty {
            guard let context = claims.text("acr"), self.contexts.contains(context) else {
                throw .authenticationContext
            }
        }
    }

    /// What every token of a provider must be: from it, for us, and of now.
    static func check(
        _ claims: Claims,
        issuer: String,
        audience: String,
        at now: Timestamp
    ) throws(TokenProblem) {
        guard claims.text("iss") == issuer else { throw .issuer }
        let audiences = claims.members["aud"]?.texts ?? []
        guard audiences.contains(audience) else { throw .audience }
        // Who is one of several, or is said to have asked, must be the one who did.
        guard audiences.count == 1 && claims.members["azp"] == nil || claims.text("azp") == audience else {
            throw .audience
        }
        guard let end = claims.time("exp"), now < end + Self.leeway else { throw .expired }
        guard let issued = claims.time("iat"), issued < now + Self.leeway else { throw .notYetValid }
        if claims.members["nbf"] != nil {
            guard let start = claims.time("nbf"), start < now + Self.leeway else { throw .notYetValid }
        }
    }

    static func isSubject(_ text: String?) -> Bool {
        guard let text, (1...Self.longestSubject).contains(text.utf8.count) else { return false }
        return text.utf8.allSatisfy { (0x21...0x7E).contains($0) || $0 == 0x20 }
    }
}
