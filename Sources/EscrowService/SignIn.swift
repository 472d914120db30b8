import BitLocker
package import EscrowModel
import EscrowStore
import SignIn

/// What comes of a user name and a password.
package enum PasswordAnswer: Equatable, Sendable {
    /// They are right; the one-time password is asked for, and this token belongs to whoever sends it.
    case next(step: String)
    /// They are not; which of both is not said, nor whether there is such an account.
    case refused
    /// There were too many failures; try again after so many seconds.
    case wait(seconds: Int)
}

/// What comes of a one-time password.
package enum CodeAnswer: Sendable {
    /// It is right.
    case signedIn(NewSession)
    /// It is not, or was used before.
    case refused
    /// There were too many failures; try again after so many seconds.
    case wait(seconds: Int)
    /// It took too long, or was tried too often: begin again.
    case over
}

/// A session that has just begun, with what the browser is to hold.
package struct NewSession: Sendable {
    /// The session.
    package let session: Session
    /// What the browser holds. It is kept nowhere.
    package let token: String
}

extension EscrowService {
    /// First step of a sign-in with an account here. It takes the same time and leaves the same record whether there is
    /// such an account or not.
    package func signIn(
        userName: String,
        password: Password,
        source: Source
    ) async throws(EscrowError) -> PasswordAnswer {
        let now = self.clock()
        // What is no user name is nobody's; it may be a password in the wrong field, and is kept nowhere.
        let userName = Self.normalized(userName: userName) ?? ""
        let seconds = self.people.wait(name: userName, source: source, at: now)
        guard seconds == 0 else { return .wait(seconds: seconds) }
        let account = try await self.snapshot { (reader) throws(StoreError) in
            try reader.account(userName: userName)
        }
        let stored = account?.password ?? PasswordHash.decoy(cost: self.settings.signIn.passwordCost)
        let isRight = await self.people.work { PasswordHash(bytes: stored).map { password.matches($0) } ?? false }
        guard let isRight else { throw .unavailable(retryAfterSeconds: 5) }
        guard isRight, let account, account.state == .active else {
            self.people.fail(name: userName, source: source, at: now)
            try await self.recordFailure(of: account, "password", source)
            return .refused
        }
        self.people.succeed(name: userName, source: source)
        var generator = SystemRandomNumberGenerator()
        let token = SignInToken.generate(using: &generator)
        let step = SignInState.Step(
            account: account.id,
            source: source.address,
            until: now + self.settings.signIn.stepPatience
        )
        self.people.begin(step, under: token.hash(for: .step), at: now)
        return .next(step: token.reveal())
    }

    /// Second step: a one-time password, or a recovery code in its place.
    ///
    /// - Parameter step: the token of the first step.
    package func signIn(step: String, code: String, source: Source) async throws(EscrowError) -> CodeAnswer {
        let now = self.clock()
        guard let hash = SignInToken(step)?.hash(for: .step), let pending = self.people.step(under: hash, at: now)
        else { return .over }
        let name = pending.account.description
        let seconds = self.people.wait(name: name, source: source, at: now)
        guard seconds == 0 else { return .wait(seconds: seconds) }
        var generator = SystemRandomNumberGenerator()
        let token = SignInToken.generate(using: &generator)
        let id = GUID.random(using: &generator)
        let sessionHash = token.hash(for: .session)
        let session = try await self.operation { (transaction) throws(StoreError) -> Outcome<Session?> in
            guard var account = try transaction.account(pending.account), account.state == .active else {
                return .done(nil, [])
            }
            guard let method = try self.use(code: code, of: &account, in: transaction, at: now) else {
                let caller = Self.caller(account, source)
                return .done(nil, [AuditEvent(.signInFailed, .denied, by: caller, token: account.id, detail: "code")])
            }
            // Of two tries at once with one password, one gets here.
            guard self.people.end(stepUnder: hash) else { return .done(nil, []) }
            account.signedInAt = now
            try transaction.update(account)
            let session = self.session(id, sessionHash, of: account, methods: ["pwd", method], source, at: now)
            try transaction.insert(session)
            let caller = Self.caller(account, source, session.authentication)
            return .done(session, [AuditEvent(.sessionStarted, by: caller, token: id, detail: "pwd \(method)")])
        }
        guard let session else {
            self.people.failStep(under: hash)
            self.people.fail(name: name, source: source, at: now)
            return .refused
        }
        self.people.succeed(name: name, source: source)
        return .signedIn(NewSession(session: session, token: token.reveal()))
    }

    /// Uses up a one-time password or a recovery code, and tells which it was, in RFC 8176's words as far as they go.
    func use(
        code: String,
        of account: inout Account,
        in transaction: Transaction,
        at now: Timestamp
    ) throws(StoreError) -> String? {
        let digits = code.filter { $0 != " " }
        if let seed = account.codeSeed,
            let step = OneTimePassword(seed: seed, under: self.keys.signInKey)
                .step(of: digits, at: now, after: account.codeStep)
        {
            account.codeStep = step
            try transaction.update(account)
            return "otp"
        }
        guard let hash = RecoveryCode.hash(of: code), try transaction.useRecoveryCode(hash, of: account.id) else {
            return nil
        }
        return "recovery"
    }

    /// A session of an account.
    func session(
        _ id: GUID,
        _ hash: [UInt8],
        of account: Account,
        methods: [String],
        _ source: Source,
        at now: Timestamp
    ) -> Session {
        Session(
            id: id,
            hash: hash,
            issuer: Account.issuer,
            subject: account.id.description,
            name: account.name,
            userName: account.userName,
            role: account.role,
            scope: account.scope,
            authentication: Authentication(time: now, methods: methods),
            address: source.address,
            agent: source.agent,
            createdAt: now,
            lastUsedAt: now,
            endsAt: now + self.settings.signIn.lifetime
        )
    }

    /// An account's person as a caller.
    static func caller(_ account: Account, _ source: Source, _ authentication: Authentication? = nil) -> Caller {
        Caller(
            identity: account.identity,
            role: account.role,
            scope: account.scope,
            source: source,
            userName: account.userName,
            authentication: authentication
        )
    }

    /// Records a failure, of a known account under its name, else of nobody's.
    func recordFailure(
        of account: Account?,
        _ detail: String,
        _ source: Source
    ) async throws(EscrowError) {
        try await self.operation { (_) throws(StoreError) -> Outcome<Void> in
            let nobody = Caller(
                identity: .system(part: "signIn"),
                role: .system,
                scope: .everything,
                source: source
            )
            let caller = account.map { Self.caller($0, source) } ?? nobody
            return .done((), [AuditEvent(.signInFailed, .denied, by: caller, token: account?.id, detail: detail)])
        }
    }

    /// A user name as accounts have it: 1 to 64 letters, digits and `.`, `-`, `_`, `@`, in lower case; nil for no such.
    static func normalized(userName: String) -> String? {
        let name = userName.lowercased().filter { $0 != " " }
        guard (1...64).contains(name.utf8.count), userName.utf8.count <= 128,
            name.allSatisfy({ $0.isLetter || $0.isNumber || ".-_@".contains($0) })
        else { return nil }
        return name
    }
}
