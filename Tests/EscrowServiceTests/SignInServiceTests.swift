import BitLocker
import EscrowCrypto
import EscrowModel
import EscrowService
import EscrowStore
import SignIn
import Testing

/// People's way in and out, on a whole escrow.
struct SignInServiceTests {
    let source = Source(address: "192.0.2.7", agent: "tests")

    private func escrow(_ engine: Engine) async throws -> Escrow {
        try await Escrow(engine) { $0.signIn.passwordCost = ScryptCost(logN: 10) }
    }

    private func password(_ text: String = "vernal cobalt tugboat") -> Password {
        Password(SecretBytes(copying: Array(text.utf8).span))
    }

    /// Invites somebody and accepts; returns what makes their codes.
    private func person(
        in escrow: Escrow,
        _ userName: String = "alice"
    ) async throws -> (account: Account, codes: OneTimePassword, session: NewSession, recovery: [String]) {
        let invited = try await escrow.service.invite(
            userName: userName,
            name: "Alice",
            role: .helpdesk,
            scope: .everything,
            by: escrow.console
        )
        let token = String(invited.link.split(separator: "/").last ?? "")
        let offer = try #require(try await escrow.service.invitation(token))
        let code = offer.codes.password(step: escrow.now.milliseconds / 30_000)
        let acceptance = Acceptance(
            userName: "",
            name: "",
            password: self.password(),
            repeated: self.password(),
            code: code
        )
        let answer = try await escrow.service.accept(token, acceptance, source: self.source)
        guard case .accepted(let session, let recovery) = answer else { throw EscrowError.denied }
        #expect(try await escrow.service.invitation(token) == nil, "a link works once")
        return (invited.account, offer.codes, session, recovery)
    }

    private func signIn(_ escrow: Escrow, _ userName: String, code: String) async throws -> CodeAnswer? {
        let answer = try await escrow.service.signIn(
            userName: userName,
            password: self.password(),
            source: self.source
        )
        guard case .next(let step) = answer else { return nil }
        return try await escrow.service.signIn(step: step, code: code, source: self.source)
    }

    @Test("password and one-time password let in, and a code that was used does not", arguments: Engine.available)
    func signIn(engine: Engine) async throws {
        let escrow = try await self.escrow(engine)
        let person = try await self.person(in: escrow)
        escrow.wait(.minutes(2))
        let code = person.codes.password(step: escrow.now.milliseconds / 30_000)
        guard case .signedIn(let session) = try await self.signIn(escrow, "Alice", code: code) else {
            Issue.record("not signed in")
            return
        }
        let found = try #require(try await escrow.service.signedIn(by: session.token, source: self.source))
        #expect(found.caller.principal == "person:\(person.account.id)@local")
        #expect(found.caller.authentication?.methods == ["otp", "pwd"])
        guard case .refused = try await self.signIn(escrow, "alice", code: code) else {
            Issue.record("a code was accepted twice")
            return
        }
        #expect(try await escrow.count(.signInFailed) == 1)
    }

    @Test("a recovery code lets in once", arguments: Engine.available)
    func recovery(engine: Engine) async throws {
        let escrow = try await self.escrow(engine)
        let person = try await self.person(in: escrow)
        let code = person.recovery[0].lowercased()
        guard case .signedIn = try await self.signIn(escrow, "alice", code: code) else {
            Issue.record("not signed in")
            return
        }
        guard case .refused = try await self.signIn(escrow, "alice", code: code) else {
            Issue.record("a recovery code was accepted twice")
            return
        }
    }

    @Test("no account and a wrong password are answered alike, and both are on record", arguments: Engine.available)
    func enumeration(engine: Engine) async throws {
        let escrow = try await self.escrow(engine)
        _ = try await self.person(in: escrow)
        for name in ["alice", "nobody"] {
            let answer = try await escrow.service.signIn(
                userName: name,
                password: self.password("not the password"),
                source: self.source
            )
            #expect(answer == .refused)
        }
        #expect(try await escrow.count(.signInFailed) == 2)
    }

    @Test("a session ends when it is idle, at its end, when revoked and with its account", arguments: Engine.available)
    func sessions(engine: Engine) async throws {
        let escrow = try await self.escrow(engine)
        let person = try await self.person(in: escrow)
        func holder() async throws -> SignedIn? {
            try await escrow.service.signedIn(by: person.session.token, source: self.source)
        }
        for _ in 0..<50 {
            escrow.wait(.minutes(14))
            let found = try await holder()
            #expect(found != nil)
        }
        escrow.wait(.minutes(16))
        let afterIdle = try await holder()
        #expect(afterIdle == nil)

        let other = try await self.person(in: escrow, "bob")
        let bob = try #require(try await escrow.service.signedIn(by: other.session.token, source: self.source))
        await #expect(throws: EscrowError.notFound) {
            try await escrow.service.endSession(person.session.session.id, of: bob)
        }
        _ = try await escrow.service.disableAccount(other.account.id, by: escrow.console)
        let disabled = try await escrow.service.signedIn(by: other.session.token, source: self.source)
        #expect(disabled == nil)
    }

    @Test(
        "signing in again renews the sign-in and the token of a session, and not its end",
        arguments: Engine.available
    )
    func again(engine: Engine) async throws {
        let escrow = try await self.escrow(engine)
        let person = try await self.person(in: escrow)
        escrow.wait(.minutes(10))
        let before = try #require(try await escrow.service.signedIn(by: person.session.token, source: self.source))
        func renew(_ password: String, _ code: String) async throws -> RenewalAnswer {
            try await escrow.service.signInAgain(
                before,
                password: self.password(password),
                code: code,
                source: self.source
            )
        }
        let code = person.codes.password(step: escrow.now.milliseconds / 30_000)
        #expect(try await renew("not the password", code) == .refused)
        #expect(try await renew("vernal cobalt tugboat", "000000") == .refused)
        guard case .renewed(let token) = try await renew("vernal cobalt tugboat", code) else {
            Issue.record("not renewed")
            return
        }
        let old = try await escrow.service.signedIn(by: person.session.token, source: self.source)
        #expect(old == nil, "the old token is nothing any more")
        let after = try #require(try await escrow.service.signedIn(by: token, source: self.source))
        #expect(after.session.id == before.session.id && after.session.endsAt == before.session.endsAt)
        #expect(after.caller.authentication?.time == escrow.now)
        #expect(before.caller.authentication?.time != escrow.now)
        escrow.wait(.minutes(1))
        let next = person.codes.password(step: escrow.now.milliseconds / 30_000)
        #expect(try await renew("vernal cobalt tugboat", next) == .over, "a session under its old token")
        #expect(try await escrow.count(.sessionRenewed) == 1)
        #expect(try await escrow.count(.signInFailed) == 2)
    }

    @Test("whoever guesses while signed in is slowed down", arguments: Engine.available)
    func againLimited(engine: Engine) async throws {
        let escrow = try await self.escrow(engine)
        let person = try await self.person(in: escrow)
        let holder = try #require(try await escrow.service.signedIn(by: person.session.token, source: self.source))
        var answers: [RenewalAnswer] = []
        for _ in 0..<7 {
            answers.append(
                try await escrow.service.signInAgain(
                    holder,
                    password: self.password("not the password"),
                    code: "000000",
                    source: self.source
                )
            )
        }
        #expect(answers.prefix(5).allSatisfy { $0 == .refused })
        guard case .wait = answers[6] else {
            Issue.record("nobody is slowed down: \(answers)")
            return
        }
    }

    @Test("the first administrator's link is made once", arguments: Engine.available)
    func firstRun(engine: Engine) async throws {
        let escrow = try await self.escrow(engine)
        #expect(try await escrow.service.firstRunLink() != nil)
        #expect(try await escrow.service.firstRunLink() == nil)
    }
}
