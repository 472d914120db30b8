package import BitLocker
package import EscrowModel
import FoundationEssentials
package import NIOSSL
package import SignIn
import Synchronization

/// The identity provider that people sign in with, as a relying party sees it.
///
/// Nothing is asked of it before somebody signs in: a server starts without it. What it publishes is kept for an hour.
package final class IdentityProvider: Sendable {
    /// Somebody who came back from the provider.
    package struct Arrival: Sendable {
        /// Who it is.
        package let person: ProviderPerson
        /// What they may do here.
        package let grant: RoleMapping.Grant
        /// The token that vouches for them.
        package let idToken: HeldToken
    }

    /// What a key is looked for. Each may have the keys fetched anew on its own: anybody can send logout tokens.
    private enum Use { case signIn, logout }

    private struct Cache {
        var metadata: (value: ProviderMetadata, fetchedAt: Timestamp)?
        var keys: (value: ProviderKeys, fetchedAt: Timestamp)?
        var refreshes: [Use: Timestamp] = [:]
        var logouts: [String: Timestamp] = [:]
    }

    private static let freshness = TimeSpan.hours(1)
    /// How often an unknown key may have the keys fetched anew.
    private static let refreshInterval = TimeSpan.seconds(30)
    private static let mostLogouts = 10_000

    /// How it is configured.
    package let settings: OpenIDSettings
    /// The sign-ins under way.
    package let attempts: SignInAttempts
    /// The tokens of those who are signed in.
    package let heldTokens = HeldTokens()
    private let transport: ProviderTransport
    private let secret: (@Sendable () throws -> SecretBytes)?
    private let clock: @Sendable () -> Timestamp
    private let cache = Mutex(Cache())

    /// Makes one; nothing is asked of it yet.
    ///
    /// - Parameters:
    ///   - secret: reads the secret that we share with it, each time it is needed; nil for a client that has none.
    ///   - tls: whom to trust; nil for whom the system does.
    ///   - patience: how long a sign-in may take.
    package init(
        settings: OpenIDSettings,
        secret: (@Sendable () throws -> SecretBytes)?,
        tls: TLSConfiguration? = nil,
        patience: TimeSpan,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.settings = settings
        self.secret = secret
        self.transport = ProviderTransport(tls: tls)
        self.attempts = SignInAttempts(patience: patience)
        self.clock = clock
    }

    /// What it says of itself.
    package func metadata() async throws(ProviderError) -> ProviderMetadata {
        let now = self.clock()
        if let held = self.cache.withLock({ $0.metadata }), now < held.fetchedAt + Self.freshness { return held.value }
        return try await self.fetchMetadata()
    }

    private func fetchMetadata() async throws(ProviderError) -> ProviderMetadata {
        let now = self.clock()
        let answer = try await self.transport.get(ProviderMetadata.address(of: self.settings.issuer))
        guard answer.status == 200 else { throw Self.bad(answer) }
        let metadata: ProviderMetadata
        do { metadata = try ProviderMetadata(json: answer.body, of: self.settings.issuer) } catch {
            throw .metadata(error)
        }
        self.cache.withLock { $0.metadata = (metadata, now) }
        return metadata
    }

    /// Turns the code of a finished sign-in into somebody.
    ///
    /// - Parameter issuer: whom the answer names as its issuer (RFC 9207), if it does.
    package func arrive(
        code: String,
        issuer: String?,
        _ attempt: SignInAttempt
    ) async throws(ProviderError) -> Arrival {
        let metadata = try await self.metadata()
        guard issuer == self.settings.issuer || issuer == nil && !metadata.namesIssuer else { throw .token(.issuer) }
        let tokens = try await self.exchange(code, attempt, metadata)
        let now = self.clock()
        var expectation = IDTokenExpectation(
            issuer: self.settings.issuer,
            clientID: self.settings.clientID,
            nonce: attempt.nonce,
            accessToken: tokens.accessToken
        )
        expectation.contexts = self.settings.contexts
        expectation.authenticatedSince =
            attempt.again != nil ? attempt.begunAt : self.settings.maximumAge.map { attempt.begunAt - $0 }
        let expected = expectation
        let token = try Self.token(tokens.idToken)
        var claims = try await self.verified(.signIn) { (keys) throws(TokenProblem) in
            try await expected.claims(of: token, by: keys, at: now)
        }
        if self.settings.asksUserInfo, let access = tokens.accessToken, let endpoint = metadata.userInfoEndpoint {
            claims = try await self.completed(claims, access, endpoint)
        }
        guard let person = ProviderPerson(claims, settings: self.settings) else { throw .token(.subject) }
        do {
            let grant = try self.settings.roles.grant(claims)
            return Arrival(person: person, grant: grant, idToken: HeldToken(tokens.idToken))
        } catch {
            throw .person(person, error)
        }
    }

    /// Reads a logout token, once.
    package func logout(_ text: String) async throws(ProviderError) -> LogoutToken {
        let now = self.clock()
        let token = try Self.token(text)
        let logout = try await self.verified(.logout) { (keys) throws(TokenProblem) in
            try await LogoutToken(
                token,
                by: keys,
                issuer: self.settings.issuer,
                clientID: self.settings.clientID,
                at: now
            )
        }
        let isNew = self.cache.withLock { cache in
            cache.logouts =
                cache.logouts.count < Self.mostLogouts ? cache.logouts : cache.logouts.filter { now < $0.value }
            return cache.logouts.updateValue(logout.until, forKey: logout.id) == nil
        }
        guard isNew else { throw .token(.replayed) }
        return logout
    }

    /// Where somebody is led to sign out at the provider too; nil when it has no such place, or is down.
    ///
    /// - Parameter state: comes back with the browser.
    package func endSessionAddress(of session: GUID, state: String) async -> String? {
        let held = self.heldTokens.take(session)
        // Asked anew, so that nobody is led to a provider that is down.
        guard let endpoint = try? await self.fetchMetadata().endSessionEndpoint else { return nil }
        var fields = [
            ("client_id", self.settings.clientID), ("post_logout_redirect_uri", self.settings.signedOutURI),
            ("state", state),
        ]
        if let held { fields.append(("id_token_hint", held.reveal())) }
        return endpoint.adding(fields)
    }
}

extension IdentityProvider {
    private struct Tokens: Decodable {
        let idToken: String
        let accessToken: String?

        private enum CodingKeys: String, CodingKey {
            case idToken = "id_token"
            case accessToken = "access_token"
        }
    }

    private struct Refusal: Decodable {
        let error: String
    }

    private func exchange(
        _ code: String,
        _ attempt: SignInAttempt,
        _ metadata: ProviderMetadata
    ) async throws(ProviderError) -> Tokens {
        var fields = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", self.settings.redirectURI),
            ("code_verifier", attempt.verifier),
        ]
        var authorization: String?
        if let secret = try self.clientSecret() {
            switch metadata.clientAuthentication {
            case .basic:
                let pair = "\(FormEncoding.escaped(self.settings.clientID)):\(FormEncoding.escaped(secret))"
                authorization = "Basic " + Data(pair.utf8).base64EncodedString()
            case .post: fields += [("client_id", self.settings.clientID), ("client_secret", secret)]
            }
        } else {
            fields.append(("client_id", self.settings.clientID))
        }
        let form = FormEncoding.text(fields)
        let answer = try await self.transport.post(metadata.tokenEndpoint, form: form, authorization: authorization)
        guard answer.status == 200 else {
            guard let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(answer.body)) else {
                throw Self.bad(answer)
            }
            // Only words that are made like the standard's go into records.
            let isWord = refusal.error.utf8.allSatisfy { $0 == 0x5F || (0x61...0x7A).contains($0) }
            throw .refused(code: isWord ? String(refusal.error.prefix(32)) : "other")
        }
        guard let tokens = try? JSONDecoder().decode(Tokens.self, from: Data(answer.body)) else { throw .unreadable }
        return tokens
    }

    private func clientSecret() throws(ProviderError) -> String? {
        guard let read = self.secret else { return nil }
        do {
            let secret = try read()
            return secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        } catch {
            throw .secret(reason: "\(error)")
        }
    }

    /// What the user info endpoint adds. What the signed token says counts.
    private func completed(
        _ claims: Claims,
        _ access: String,
        _ endpoint: String
    ) async throws(ProviderError) -> Claims {
        let answer = try await self.transport.get(endpoint, bearer: access)
        guard answer.status == 200 else { throw Self.bad(answer) }
        guard let more = try? JSONDecoder().decode(Claims.self, from: Data(answer.body)) else { throw .unreadable }
        guard let subject = claims.members["sub"], more.members["sub"] == subject else { throw .token(.subject) }
        return Claims(more.members.merging(claims.members) { _, signed in signed })
    }

    private static func token(_ text: String) throws(ProviderError) -> SignedToken {
        do { return try SignedToken(text) } catch { throw .token(error) }
    }

    /// Verifies with the keys that are held. When that fails for want of the right key, the provider may have replaced it: its keys
    /// are fetched anew, but not for everybody who likes to send nonsense.
    private func verified<Value: Sendable>(
        _ use: Use,
        _ verify: @Sendable (ProviderKeys) async throws(TokenProblem) -> Value
    ) async throws(ProviderError) -> Value {
        let (keys, areNew) = try await self.keys()
        do throws(TokenProblem) {
            return try await verify(keys)
        } catch {
            guard !areNew, error == .unknownKey || error == .signature, self.mayRefresh(use) else {
                throw .token(error)
            }
        }
        let fetched = try await self.fetchKeys()
        do { return try await verify(fetched) } catch { throw .token(error) }
    }

    private func mayRefresh(_ use: Use) -> Bool {
        let now = self.clock()
        return self.cache.withLock { cache in
            if let last = cache.refreshes[use], now < last + Self.refreshInterval { return false }
            cache.refreshes[use] = now
            return true
        }
    }

    private func keys() async throws(ProviderError) -> (keys: ProviderKeys, areNew: Bool) {
        let now = self.clock()
        if let held = self.cache.withLock({ $0.keys }), now < held.fetchedAt + Self.freshness {
            return (held.value, false)
        }
        return (try await self.fetchKeys(), true)
    }

    private func fetchKeys() async throws(ProviderError) -> ProviderKeys {
        let answer = try await self.transport.get(try await self.metadata().keysURI)
        guard answer.status == 200 else { throw Self.bad(answer) }
        guard let keys = ProviderKeys(json: answer.body) else { throw .unreadable }
        let now = self.clock()
        self.cache.withLock { $0.keys = (keys, now) }
        return keys
    }

    private static func bad(_ answer: ProviderTransport.Answer) -> ProviderError {
        .unreachable(reason: "it answered with status \(answer.status)")
    }
}
