import BitLocker
package import EscrowModel
import EscrowStore
package import SignIn

/// People whom an identity provider vouches for.
extension EscrowService {
    /// Begins a session of somebody who came back from the provider. What the browser held before ends with it.
    ///
    /// - Parameter held: the token of the session that the browser has, if it has one.
    package func signIn(
        _ person: ProviderPerson,
        _ grant: RoleMapping.Grant,
        replacing held: String?,
        source: Source
    ) async throws(EscrowError) -> NewSession {
        let now = self.clock()
        var generator = SystemRandomNumberGenerator()
        let token = SignInToken.generate(using: &generator)
        let session = Session(
            id: .random(using: &generator),
            hash: token.hash(for: .session),
            issuer: person.issuer,
            subject: person.subject,
            name: person.name,
            userName: person.userName,
            role: grant.role,
            scope: grant.scope,
            authentication: person.authentication,
            providerSession: person.session,
            address: source.address,
            agent: source.agent,
            createdAt: now,
            lastUsedAt: now,
            endsAt: now + self.settings.signIn.lifetime
        )
        let caller = Self.signedIn(session, source).caller
        let old = held.flatMap { SignInToken($0)?.hash(for: .session) }
        try await self.operation { (transaction) throws(StoreError) -> Outcome<Void> in
            var events: [AuditEvent] = []
            if let old, let before = try transaction.session(hash: old) {
                events += try Self.end([before.id], in: transaction, by: caller, "replaced")
            }
            try transaction.insert(session)
            events.append(AuditEvent(.sessionStarted, by: caller, token: session.id, detail: "provider"))
            return .done((), events)
        }
        return NewSession(session: session, token: token.reveal())
    }

    /// Records that somebody came back from the provider and was not let in.
    ///
    /// - Parameters:
    ///   - person: who it is, where the provider's word for it was believed.
    ///   - detail: a word or two.
    package func recordRefusal(
        of person: ProviderPerson?,
        _ detail: String,
        source: Source
    ) async throws(EscrowError) {
        let nobody = Caller(identity: .system(part: "signIn"), role: .system, scope: .everything, source: source)
        let caller = person.map { person in
            Caller(
                identity: .person(issuer: person.issuer, subject: person.subject, name: person.name),
                // The least that there is: they were given none.
                role: .owner,
                scope: .groups([]),
                source: source,
                userName: person.userName
            )
        }
        try await self.operation { (_) throws(StoreError) -> Outcome<Void> in
            .done((), [AuditEvent(.signInFailed, .denied, by: caller ?? nobody, detail: detail)])
        }
    }

    /// Ends the sessions that the provider says are over, and tells how many there were.
    @discardableResult
    package func endSessions(
        _ logout: LogoutToken,
        issuer: String,
        source: Source
    ) async throws(EscrowError) -> Int {
        let caller = Caller(
            identity: .system(part: "identityProvider"),
            role: .system,
            scope: .everything,
            source: source
        )
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Int> in
            let sessions: [Session]
            if let session = logout.providerSession {
                sessions = try transaction.sessions(issuer: issuer, providerSession: session)
                    .filter { logout.subject == nil || $0.subject == logout.subject }
            } else {
                sessions = try transaction.sessions(issuer: issuer, subject: logout.subject ?? "")
            }
            let events = try Self.end(sessions.map(\.id), in: transaction, by: caller, "providerLogout")
            return .done(events.count, events)
        }
    }
}
