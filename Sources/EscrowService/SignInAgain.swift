import BitLocker
package import EscrowModel
import EscrowStore
import SignIn

/// What comes of signing in again.
package enum RenewalAnswer: Equatable, Sendable {
    /// The session goes on, and this is what its browser is to hold from now on.
    case renewed(token: String)
    /// The password or the one-time password is not right; which of both is not said.
    case refused
    /// There were too many failures; try again after so many seconds.
    case wait(seconds: Int)
    /// The session has ended meanwhile, or its person does not sign in here.
    case over
}

extension EscrowService {
    /// Has somebody with an account here prove anew who they are, both factors at once. Their session goes on under another
    /// token, and its end stays where it is.
    package func signInAgain(
        _ person: SignedIn,
        password: Password,
        code: String,
        source: Source
    ) async throws(EscrowError) -> RenewalAnswer {
        let now = self.clock()
        guard person.session.issuer == Account.issuer, let id = GUID(person.session.subject) else { return .over }
        let account = try await self.snapshot { (reader) throws(StoreError) in try reader.account(id) }
        guard let account, account.state == .active, let stored = account.password else { return .over }
        let names = [account.userName, id.description]
        let seconds = names.map { self.people.wait(name: $0, source: source, at: now) }.max() ?? 0
        guard seconds == 0 else { return .wait(seconds: seconds) }
        let isRight = await self.people.work { PasswordHash(bytes: stored).map { password.matches($0) } ?? false }
        guard let isRight else { throw .unavailable(retryAfterSeconds: 5) }
        guard isRight else {
            self.people.fail(name: account.userName, source: source, at: now)
            try await self.recordFailure(of: account, "password", source)
            return .refused
        }
        var generator = SystemRandomNumberGenerator()
        let token = SignInToken.generate(using: &generator)
        let hash = token.hash(for: .session)
        // To check a password takes a while, and a rule may want a sign-in of seconds ago.
        let signedInAt = self.clock()
        enum Result { case renewed, refused, over }
        let result = try await self.operation { (transaction) throws(StoreError) -> Outcome<Result> in
            guard var account = try transaction.account(id), account.state == .active else { return .done(.over, []) }
            guard let method = try self.use(code: code, of: &account, in: transaction, at: signedInAt) else {
                let caller = Self.caller(account, source)
                return .done(
                    .refused,
                    [AuditEvent(.signInFailed, .denied, by: caller, token: account.id, detail: "code")]
                )
            }
            let authentication = Authentication(time: signedInAt, methods: ["pwd", method])
            guard try transaction.renew(person.session, hash: hash, authentication, at: signedInAt) else {
                return .done(.over, [])
            }
            let caller = Self.caller(account, source, authentication)
            let event = AuditEvent(.sessionRenewed, by: caller, token: person.session.id, detail: "pwd \(method)")
            return .done(.renewed, [event])
        }
        switch result {
        case .over: return .over
        case .refused:
            self.people.fail(name: id.description, source: source, at: now)
            return .refused
        case .renewed:
            for name in names { self.people.succeed(name: name, source: source) }
            return .renewed(token: token.reveal())
        }
    }

    /// The session of somebody whose provider vouches for them anew goes on under another token. Nil when it has ended.
    package func renew(
        _ person: SignedIn,
        _ authentication: Authentication
    ) async throws(EscrowError) -> String? {
        let now = self.clock()
        var generator = SystemRandomNumberGenerator()
        let token = SignInToken.generate(using: &generator)
        let hash = token.hash(for: .session)
        let isRenewed = try await self.operation { (transaction) throws(StoreError) -> Outcome<Bool> in
            guard try transaction.renew(person.session, hash: hash, authentication, at: now) else {
                return .done(false, [])
            }
            let methods = authentication.methods.joined(separator: " ")
            let event = AuditEvent(.sessionRenewed, by: person.caller, token: person.session.id, detail: methods)
            return .done(true, [event])
        }
        return isRenewed ? token.reveal() : nil
    }
}
