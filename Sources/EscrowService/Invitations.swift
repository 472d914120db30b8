import BitLocker
package import EscrowModel
import EscrowStore
package import SignIn

/// What somebody with an invitation sees.
package struct InvitationOffer: Sendable {
    /// The account; nil for the first administrator, who chooses a user name.
    package let account: Account?
    /// What makes their one-time passwords from now on.
    package let codes: OneTimePassword
}

/// What somebody with an invitation fills in.
package struct Acceptance: Sendable {
    /// The user name and the name; of the first administrator only.
    package let userName: String
    /// The person's name.
    package let name: String
    /// The password, and the same again.
    package let password: Password
    /// Typed a second time.
    package let repeated: Password
    /// A one-time password: the proof that their app has the secret.
    package let code: String

    /// Puts together what was filled in.
    package init(userName: String, name: String, password: Password, repeated: Password, code: String) {
        self.userName = userName
        self.name = name
        self.password = password
        self.repeated = repeated
        self.code = code
    }
}

/// What cannot be accepted in a form, by field.
package enum AcceptanceProblem: Equatable, Sendable {
    case userName
    case userNameTaken
    case name
    case password(PasswordRule.Problem)
    case repeated
    case code
}

/// What comes of an acceptance.
package enum AcceptanceAnswer: Sendable {
    /// The account is theirs, and they are signed in. The recovery codes are shown this once.
    case accepted(NewSession, recoveryCodes: [String])
    /// Something has to be filled in otherwise.
    case invalid([AcceptanceProblem])
    /// The link was used, or its time is over.
    case over
}

extension EscrowService {
    /// What an invitation is for; nil when there is none with this token, or its time is over.
    package func invitation(_ token: String) async throws(EscrowError) -> InvitationOffer? {
        guard let hash = SignInToken(token)?.hash(for: .invitation) else { return nil }
        let now = self.clock()
        return try await self.snapshot { (reader) throws(StoreError) -> InvitationOffer? in
            guard let invitation = try reader.invitation(hash: hash), now < invitation.expiresAt else { return nil }
            let codes = OneTimePassword(seed: invitation.codeSeed, under: self.keys.signInKey)
            guard let id = invitation.account else { return InvitationOffer(account: nil, codes: codes) }
            guard let account = try reader.account(id) else { return nil }
            return InvitationOffer(account: account, codes: codes)
        }
    }

    /// Makes an account usable, once: with a password, one-time passwords that work and recovery codes.
    package func accept(
        _ token: String,
        _ acceptance: Acceptance,
        source: Source
    ) async throws(EscrowError) -> AcceptanceAnswer {
        guard let hash = SignInToken(token)?.hash(for: .invitation), let offer = try await self.invitation(token) else {
            return .over
        }
        let now = self.clock()
        let (problems, userName) = Self.check(acceptance, for: offer, at: now)
        guard problems.isEmpty, let step = offer.codes.step(of: acceptance.digits, at: now, after: nil) else {
            return .invalid(problems)
        }
        let settings = self.settings.signIn
        let made = await self.people.work { acceptance.password.hash(settings)?.bytes }
        guard let password = made ?? nil else { throw .unavailable(retryAfterSeconds: 5) }
        var generator = SystemRandomNumberGenerator()
        let codes = (0..<RecoveryCode.count).map { _ in RecoveryCode.generate(using: &generator) }
        let sessionToken = SignInToken.generate(using: &generator)
        let sessionHash = sessionToken.hash(for: .session)
        let (accountID, sessionID) = (GUID.random(using: &generator), GUID.random(using: &generator))
        enum Result { case session(Session), over, taken }
        let result = try await self.operation { (transaction) throws(StoreError) -> Outcome<Result> in
            guard let invitation = try transaction.invitation(hash: hash), now < invitation.expiresAt else {
                return .done(.over, [])
            }
            var account: Account
            if let id = invitation.account {
                guard let found = try transaction.account(id), found.state == .invited else { return .done(.over, []) }
                account = found
            } else {
                guard try transaction.account(userName: userName) == nil else { return .done(.taken, []) }
                account = Account(
                    id: accountID,
                    userName: userName,
                    name: acceptance.name,
                    role: .administrator,
                    scope: .everything,
                    createdAt: now
                )
                try transaction.insert(account)
            }
            account.password = password
            account.codeSeed = invitation.codeSeed
            account.codeStep = step
            account.signedInAt = now
            try transaction.update(account)
            try transaction.remove(invitation)
            try transaction.setRecoveryCodes(codes.compactMap { RecoveryCode.hash(of: $0) }, of: account.id)
            let methods = ["otp", "pwd"]
            let session = self.session(sessionID, sessionHash, of: account, methods: methods, source, at: now)
            try transaction.insert(session)
            let caller = Self.caller(account, source, session.authentication)
            return .done(
                .session(session),
                [
                    AuditEvent(.accountActivated, by: caller, token: account.id),
                    AuditEvent(.sessionStarted, by: caller, token: sessionID, detail: "invitation"),
                ]
            )
        }
        switch result {
        case .over: return .over
        case .taken: return .invalid([.userNameTaken])
        case .session(let session):
            let new = NewSession(session: session, token: sessionToken.reveal())
            return .accepted(new, recoveryCodes: codes)
        }
    }

    private static func check(
        _ acceptance: Acceptance,
        for offer: InvitationOffer,
        at now: Timestamp
    ) -> (problems: [AcceptanceProblem], userName: String) {
        var problems: [AcceptanceProblem] = []
        var userName = offer.account?.userName ?? ""
        if offer.account == nil {
            if let name = Self.normalized(userName: acceptance.userName) {
                userName = name
            } else {
                problems.append(.userName)
            }
            do throws(EscrowError) {
                try Limits.check(text: acceptance.name, field: "name")
            } catch {
                problems.append(.name)
            }
        }
        if let problem = acceptance.password.problem(userName: userName) {
            problems.append(.password(problem))
        } else if !acceptance.password.matches(acceptance.repeated) {
            problems.append(.repeated)
        }
        if offer.codes.step(of: acceptance.digits, at: now, after: nil) == nil { problems.append(.code) }
        return (problems, userName)
    }
}

extension Acceptance {
    /// The one-time password without the space that apps show in its middle.
    fileprivate var digits: String { self.code.filter { $0 != " " } }
}
