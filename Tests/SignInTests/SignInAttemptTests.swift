import BitLocker
import Crypto
import EscrowModel
import SignIn
import Testing

/// Sign-ins under way: what comes back from the provider must be what this browser went with.
struct SignInAttemptTests {
    private let attempts = SignInAttempts(patience: .minutes(10))
    private let step: [UInt8] = Array(repeating: 1, count: 32)
    private let now = TestProvider.now

    @Test("what comes back in time, in the browser that went, is what went")
    func comesBack() throws {
        let id = GUID(high: 7, low: 9)
        for again in [nil, id] {
            let begun = try #require(
                self.attempts.begin(to: "/devices/x?tab=keys", again: again, step: self.step, at: self.now)
            )
            let finished = try self.attempts.finish(begun.state, step: self.step, at: self.now + .minutes(9))
            #expect(finished == begun)
            #expect(finished.again == again && finished.target == "/devices/x?tab=keys")
        }
    }

    @Test("a state that was used is refused")
    func replayed() throws {
        let begun = try #require(self.attempts.begin(to: "/", step: self.step, at: self.now))
        _ = try self.attempts.finish(begun.state, step: self.step, at: self.now)
        #expect(throws: SignInAttempts.Problem.used) {
            try self.attempts.finish(begun.state, step: self.step, at: self.now)
        }
    }

    @Test("the state of another browser is refused, and stays good for its own")
    func otherBrowser() throws {
        let begun = try #require(self.attempts.begin(to: "/", step: self.step, at: self.now))
        #expect(throws: SignInAttempts.Problem.unknown) {
            try self.attempts.finish(begun.state, step: Array(repeating: 2, count: 32), at: self.now)
        }
        _ = try self.attempts.finish(begun.state, step: self.step, at: self.now)
    }

    @Test("a state that took too long, was changed, made up or is another server's is refused")
    func unknown() throws {
        let begun = try #require(self.attempts.begin(to: "/", step: self.step, at: self.now))
        #expect(throws: SignInAttempts.Problem.over) {
            try self.attempts.finish(begun.state, step: self.step, at: self.now + .minutes(10))
        }
        let other = try #require(SignInAttempts(patience: .minutes(10)).begin(to: "/", step: self.step, at: self.now))
        let changed = begun.state.replacing(
            begun.state.prefix(1),
            with: begun.state.hasPrefix("A") ? "B" : "A",
            maxReplacements: 1
        )
        for state in [
            "", "x", changed, other.state, String(begun.state.dropLast(4)), String(repeating: "A", count: 5000),
        ] {
            #expect(throws: SignInAttempts.Problem.unknown) {
                try self.attempts.finish(state, step: self.step, at: self.now)
            }
        }
    }

    @Test("neither nonce nor verifier can be told from the state, and no two sign-ins share them")
    func secrets() throws {
        let one = try #require(self.attempts.begin(to: "/", step: self.step, at: self.now))
        let two = try #require(self.attempts.begin(to: "/", step: self.step, at: self.now))
        #expect(Set([one.state, one.nonce, one.verifier, two.state, two.nonce, two.verifier]).count == 6)
        #expect((43...128).contains(one.verifier.utf8.count))
        #expect(one.challenge == Base64URL.encode(SHA256.hash(data: Array(one.verifier.utf8))))
    }

    @Test("the address at the provider has all that is asked for, and keeps its own query")
    func address() throws {
        let json = """
            {"issuer":"https://idp.example.com","authorization_endpoint":"https://idp.example.com/a?tenant=1",
            "token_endpoint":"https://idp.example.com/t","jwks_uri":"https://idp.example.com/k"}
            """
        let metadata = try ProviderMetadata(json: Array(json.utf8), of: "https://idp.example.com")
        var settings = OpenIDSettings(
            issuer: "https://idp.example.com",
            clientID: "spare key",
            publicURL: "https://keys.example.com"
        )
        settings.maximumAge = .hours(8)
        let one = try #require(self.attempts.begin(to: "/", step: self.step, at: self.now))
        let text = AuthorizationRequest.address(of: one, metadata, settings, language: "de")
        #expect(text.hasPrefix("https://idp.example.com/a?tenant=1&response_type=code&client_id=spare%20key&"))
        for part in [
            "redirect_uri=https%3A%2F%2Fkeys.example.com%2Fsign-in%2Fcallback", "code_challenge_method=S256",
            "code_challenge=\(one.challenge)", "nonce=\(one.nonce)", "state=\(one.state)", "max_age=28800",
            "ui_locales=de",
        ] {
            #expect(text.contains(part))
        }
        #expect(!text.contains("prompt=") && !text.contains(one.verifier))
        let again = try #require(
            self.attempts.begin(to: "/", again: GUID(high: 1, low: 2), step: self.step, at: self.now)
        )
        let fresh = AuthorizationRequest.address(of: again, metadata, settings, language: "en")
        #expect(fresh.contains("prompt=login&max_age=0"))
    }
}
