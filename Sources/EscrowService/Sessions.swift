package import BitLocker
package import EscrowModel
import EscrowStore
import SignIn

/// Somebody who is signed in.
package struct SignedIn: Sendable {
    /// The stay.
    package let session: Session
    /// Who it is, with the role and the scope that they have now.
    package let caller: Caller
}

extension EscrowService {
    /// How often it is stored that a session is in use.
    private static let touchInterval = TimeSpan.minutes(1)

    /// Tells whose session a browser holds; nil when it has ended, or never was one.
    ///
    /// - Parameter isUse: whether somebody does something, which keeps the session alive.
    package func signedIn(
        by token: String,
        source: Source,
        isUse: Bool = true
    ) async throws(EscrowError) -> SignedIn? {
        guard let hash = SignInToken(token)?.hash(for: .session) else { return nil }
        let now = self.clock()
        let found = try await self.snapshot { (reader) throws(StoreError) -> SignedIn? in
            guard let session = try reader.session(hash: hash),
                session.isAlive(at: now, idle: self.settings.signIn.idle)
            else { return nil }
            guard session.issuer == Account.issuer else {
                // Whom the server no longer believes no longer vouches for anybody.
                return session.issuer == self.settings.signIn.issuer ? Self.signedIn(session, source) : nil
            }
            guard let id = GUID(session.subject), let account = try reader.account(id), account.state == .active else {
                return nil
            }
            return SignedIn(session: session, caller: Self.caller(account, source, session.authentication))
        }
        guard let found else { return nil }
        if isUse, found.session.lastUsedAt + Self.touchInterval <= now {
            let id = found.session.id
            try await self.operation { (transaction) throws(StoreError) -> Outcome<Void> in
                try transaction.touch(id, at: now)
                return .done((), [])
            }
        }
        return found
    }

    static func signedIn(_ session: Session, _ source: Source) -> SignedIn {
        SignedIn(
            session: session,
            caller: Caller(
                identity: .person(issuer: session.issuer, subject: session.subject, name: session.name),
                role: session.role,
                scope: session.scope,
                source: source,
                userName: session.userName,
                authentication: session.authentication
            )
        )
    }

    /// The sessions of whoever is signed in, the latest first.
    package func sessions(of person: SignedIn) async throws(EscrowError) -> [Session] {
        let now = self.clock()
        let idle = self.settings.signIn.idle
        return try await self.snapshot { (reader) throws(StoreError) in
            try reader.sessions(issuer: person.session.issuer, subject: person.session.subject)
                .filter { $0.isAlive(at: now, idle: idle) }
        }
    }

    /// Ends the session of whoever is signed in. Doing it twice does no harm.
    package func signOut(_ person: SignedIn) async throws(EscrowError) {
        try await self.end([person.session.id], by: person.caller, "signedOut")
    }

    /// Ends one of somebody's own sessions, or all but the one in use. Throws `notFound` for a session of somebody else.
    package func endSession(_ id: GUID?, of person: SignedIn) async throws(EscrowError) {
        let own = try await self.sessions(of: person).map(\.id)
        guard let id else {
            return try await self.end(own.filter { $0 != person.session.id }, by: person.caller, "revoked")
        }
        guard own.contains(id) else { throw .notFound }
        try await self.end([id], by: person.caller, "revoked")
    }

    /// Ends sessions, with a record of each that was there.
    func end(_ sessions: [GUID], by caller: Caller, _ detail: String) async throws(EscrowError) {
        try await self.operation { (transaction) throws(StoreError) -> Outcome<Void> in
            .done((), try Self.end(sessions, in: transaction, by: caller, detail))
        }
    }

    static func end(
        _ sessions: [GUID],
        in transaction: Transaction,
        by caller: Caller,
        _ detail: String
    ) throws(StoreError) -> [AuditEvent] {
        var events: [AuditEvent] = []
        for id in sessions where try transaction.removeSession(id) {
            events.append(AuditEvent(.sessionEnded, by: caller, token: id, detail: detail))
        }
        return events
    }

    /// Removes sessions that have ended by themselves, and tells how many there were.
    @discardableResult
    package func sweepSessions() async throws(EscrowError) -> Int {
        let now = self.clock()
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Int> in
            .done(try transaction.removeSessions(endedBy: now), [])
        }
    }
}
