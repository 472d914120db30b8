package import BitLocker
import EscrowCrypto
package import EscrowModel
import EscrowPolicy
import EscrowStore

extension EscrowService {
    /// Tells who holds an API token. Throws `notAuthenticated` for a token that is unknown, revoked or at its end.
    package func authenticate(bearer token: String, source: Source) async throws(EscrowError) -> Caller {
        let (id, hash) = try Self.identify(token, as: .api)
        let now = self.clock()
        var found = self.tokens.token(id, at: now)
        if found == nil {
            found = try await self.snapshot { (reader) throws(StoreError) in try reader.apiToken(id) }
            if let found { self.tokens.keep(found, at: now) }
        }
        guard let found, found.hash == hash else { throw .notAuthenticated }
        let caller = Caller(
            identity: found.breakGlass.map { .breakGlass(setup: $0) } ?? .client(id: found.id, name: found.name),
            role: found.role,
            scope: found.scope,
            source: source
        )
        guard found.isValid(at: now) else {
            try await self.recordRefusal(of: found, by: caller, at: now)
            throw .notAuthenticated
        }
        return caller
    }

    /// The ID of a token and the hash of its secret, as the store keeps them.
    ///
    /// Hashes may be compared in any way: they are of 256 random bits, and nobody can make one that begins like another.
    static func identify(_ text: String, as kind: TokenSecret.Kind) throws(EscrowError) -> (id: GUID, hash: [UInt8]) {
        do throws(TokenSecret.Problem) {
            let secret = try TokenSecret(text, kind: kind)
            return (secret.id, secret.hash)
        } catch {
            throw .notAuthenticated
        }
    }

    /// Somebody tried a token that was theirs once. Who tries what was never a token is not recorded: a stranger could
    /// fill the log.
    private func recordRefusal(of token: APIToken, by caller: Caller, at now: Timestamp) async throws(EscrowError) {
        guard self.tokens.isRefusalNew(token.id, at: now) else { return }
        try await self.operation { (_) throws(StoreError) -> Outcome<Void> in
            let detail = token.revokedAt == nil ? "tokenExpired" : "tokenRevoked"
            return .done((), [AuditEvent(.accessDenied, .denied, by: caller, token: token.id, detail: detail)])
        }
    }

    /// Makes an API token. Its secret is returned this once and kept nowhere.
    package func createAPIToken(
        name: String,
        role: Role,
        scope: Scope,
        expiresAt: Timestamp?,
        by caller: Caller
    ) async throws(EscrowError) -> (token: APIToken, secret: String) {
        try Limits.check(text: name, field: "name")
        guard Role.ofTokens.contains(role) else {
            let words = Role.ofTokens.map(\.rawValue).joined(separator: ", ")
            throw .invalid(field: "role", problem: "must be one of \(words)")
        }
        if case .groups(let groups) = scope {
            guard !groups.isEmpty else { throw .invalid(field: "groups", problem: "must name at least one group") }
            for group in groups { try Limits.check(text: group, field: "groups", characters: 1...64) }
        }
        let now = self.clock()
        try Self.check(expiry: expiresAt, now: now)
        let permit = try await self.require(.manageTokens, by: caller, on: .installation)
        var generator = SystemRandomNumberGenerator()
        let secret = TokenSecret.generate(.api, using: &generator)
        let token = APIToken(
            id: secret.id,
            name: name,
            hash: secret.hash,
            role: role,
            scope: scope,
            createdAt: now,
            expiresAt: expiresAt,
            revokedAt: nil
        )
        try await self.operation { (transaction) throws(StoreError) -> Outcome<Void> in
            try transaction.insert(token)
            let event = permit.event(.tokenCreated, token: token.id, detail: role.rawValue)
            return .done((), [event])
        }
        return (token, secret.reveal())
    }

    /// Every API token, without secrets.
    package func apiTokens(by caller: Caller) async throws(EscrowError) -> [APIToken] {
        try await self.require(.readAccess, by: caller, on: .installation)
        return try await self.snapshot { (reader) throws(StoreError) in try reader.apiTokens() }
    }

    /// Ends an API token, at once.
    package func revokeAPIToken(_ id: GUID, by caller: Caller) async throws(EscrowError) -> APIToken {
        let permit = try await self.require(.revokeTokens, by: caller, on: .installation)
        let now = self.clock()
        let revoked = try await self.operation { (transaction) throws(StoreError) -> Outcome<APIToken> in
            guard var token = try transaction.apiToken(id) else { return .refused(.notFound) }
            guard token.revokedAt == nil else { return .done(token, []) }
            token.revokedAt = now
            try transaction.update(token)
            return .done(token, [permit.event(.tokenRevoked, token: id)])
        }
        self.tokens.forget(id)
        return revoked
    }

    static func check(expiry: Timestamp?, now: Timestamp) throws(EscrowError) {
        guard expiry.map({ now < $0 }) ?? true else {
            throw .invalid(field: "expiresAt", problem: "must be in the future")
        }
    }
}
