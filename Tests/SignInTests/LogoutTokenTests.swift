import EscrowModel
import SignIn
import Testing

/// Logout tokens, with which a provider ends sessions.
struct LogoutTokenTests {
    let provider = TestProvider()
    static let event = "http://schemas.openid.net/event/backchannel-logout"

    private func logout(_ changes: [String: Any?], header: [String: Any?] = ["typ": "logout+jwt"]) async throws
        -> Result<LogoutToken, TokenProblem>
    {
        var claims = TestProvider.claims(["nonce": nil])
        claims["jti"] = "j-1"
        claims["sid"] = "s-1"
        claims["events"] = [Self.event: [String: Any]()]
        for (name, value) in changes { claims[name] = value }
        let text = try self.provider.token(claims, header: header)
        let keys = try self.provider.keys
        do throws(TokenProblem) {
            return .success(
                try await LogoutToken(
                    SignedToken(text),
                    by: keys,
                    issuer: TestProvider.issuer,
                    clientID: TestProvider.clientID,
                    at: TestProvider.now
                )
            )
        } catch {
            return .failure(error)
        }
    }

    @Test("one that is as expected names a session, a person or both")
    func right() async throws {
        let both = try await self.logout([:]).get()
        #expect(both.providerSession == "s-1" && both.subject == "4711" && both.id == "j-1")
        #expect(try await self.logout(["sid": nil]).get().providerSession == nil)
        #expect(try await self.logout(["sub": nil]).get().subject == nil)
        #expect(try await self.logout([:], header: ["typ": "JWT"]).get() == both)
    }

    @Test("one that could be something else, or is about nobody, is refused")
    func wrong() async throws {
        let now = Int(TestProvider.now.milliseconds / 1000)
        let cases: [([String: Any?], TokenProblem)] = [
            (["nonce": "n-1"], .nonce), (["events": nil], .event), (["events": ["x": [String: Any]()]], .event),
            (["events": [Self.event: true]], .event), (["jti": nil], .event), (["sid": nil, "sub": nil], .subject),
            (["aud": "other"], .audience), (["iss": "https://attacker.example"], .issuer),
            (["exp": now - 61], .expired),
            (["exp": nil], .expired), (["iat": now - 301], .expired), (["iat": now + 61], .notYetValid),
        ]
        for (changes, problem) in cases { #expect(try await self.logout(changes) == .failure(problem)) }
        #expect(try await self.logout([:], header: ["typ": "at+jwt"]) == .failure(.type))
    }

    @Test("an ID token is no logout token, and the other way round")
    func confusion() async throws {
        let idToken = try self.provider.token()
        await #expect(throws: TokenProblem.event) {
            try await LogoutToken(
                SignedToken(idToken),
                by: self.provider.keys,
                issuer: TestProvider.issuer,
                clientID: TestProvider.clientID,
                at: TestProvider.now
            )
        }
    }
}
