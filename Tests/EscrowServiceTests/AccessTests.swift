import BitLocker
import EscrowCrypto
import EscrowModel
import EscrowPolicy
import EscrowService
import SignIn
import Testing

/// Who may change who gets in, on a whole escrow.
struct AccessTests {
    let escrow: Escrow
    let source = Source(address: "192.0.2.7", agent: "tests")

    init() async throws {
        self.escrow = try await Escrow(.sqlite) { $0.signIn.passwordCost = ScryptCost(logN: 10) }
    }

    /// Invites somebody, accepts, and gives them as a caller who has just signed in.
    private func person(
        _ userName: String,
        _ role: Role = .administrator,
        scope: Scope = .everything
    ) async throws -> (account: Account, session: NewSession, caller: Caller) {
        let invited = try await self.escrow.service.invite(
            userName: userName,
            name: userName,
            role: role,
            scope: scope,
            by: self.escrow.console
        )
        let token = String(invited.link.split(separator: "/").last ?? "")
        let offer = try #require(try await self.escrow.service.invitation(token))
        let code = offer.codes.password(step: self.escrow.now.milliseconds / 30_000)
        let words = Array("vernal cobalt tugboat".utf8)
        let acceptance = Acceptance(
            userName: "",
            name: "",
            password: Password(SecretBytes(copying: words.span)),
            repeated: Password(SecretBytes(copying: words.span)),
            code: code
        )
        let answer = try await self.escrow.service.accept(token, acceptance, source: self.source)
        guard case .accepted(let session, _) = answer else { throw EscrowError.denied }
        let signedIn = try #require(
            try await self.escrow.service.signedIn(by: session.token, source: self.source)
        )
        return (invited.account, session, signedIn.caller)
    }

    @Test("an administrator who has just signed in invites, disables and resets; an old sign-in must be renewed first")
    func fresh() async throws {
        let service = self.escrow.service
        let boss = try await self.person("boss")
        let kim = try await self.person("kim", .helpdesk)
        _ = try await service.invite(userName: "new", name: "New", role: .reader, scope: .everything, by: boss.caller)
        _ = try await service.disableAccount(kim.account.id, by: boss.caller)
        #expect(try await service.signedIn(by: kim.session.token, source: self.source) == nil, "at once")
        _ = try await service.resetAccount(kim.account.id, by: boss.caller)
        #expect(try await self.escrow.count(.accountInvited) == 3)

        self.escrow.wait(Policy.freshness)
        await #expect(throws: EscrowError.signInTooOld) {
            _ = try await service.disableAccount(kim.account.id, by: boss.caller)
        }
        #expect(try await service.accounts(PageRequest(), by: boss.caller).items.count == 3, "reading needs no new one")
        let denials = try await self.escrow.records().filter { $0["rule"] as? String == "sign-in-too-old" }
        #expect(denials.count == 1)
    }

    @Test("tokens, people of some groups and all other roles change nothing, and read nothing that is not theirs")
    func others() async throws {
        let service = self.escrow.service
        let victim = try await self.person("victim", .helpdesk)
        var callers = Role.assignable.map { self.escrow.caller($0) }
        callers.append(try await self.person("berlin", .administrator, scope: .groups(["berlin"])).caller)
        callers.append(try await self.person("desk", .helpdesk).caller)
        for caller in callers {
            await #expect(throws: EscrowError.denied) {
                _ = try await service.disableAccount(victim.account.id, by: caller)
            }
            await #expect(throws: EscrowError.denied) { _ = try await service.accounts(PageRequest(), by: caller) }
            await #expect(throws: EscrowError.denied) { _ = try await service.sessions(PageRequest(), by: caller) }
            await #expect(throws: EscrowError.denied) { _ = try await service.apiTokens(PageRequest(), by: caller) }
            await #expect(throws: EscrowError.denied) { _ = try await service.setUp(by: caller) }
            await #expect(throws: EscrowError.denied) {
                try await service.endSession(victim.session.session.id, by: caller)
            }
        }
        let auditor = try await self.person("audit", .auditor).caller
        #expect(try await service.accounts(PageRequest(), by: auditor).items.count == 4)
        await #expect(throws: EscrowError.denied) {
            _ = try await service.disableAccount(victim.account.id, by: auditor)
        }
    }

    @Test("no person makes API tokens, break-glass shares or keys of the keyring, however fresh their sign-in")
    func consoleOnly() async throws {
        let service = self.escrow.service
        let boss = try await self.person("boss").caller
        await #expect(throws: EscrowError.denied) {
            _ = try await service.createAPIToken(
                name: "x",
                role: .reader,
                scope: .everything,
                expiresAt: nil,
                by: boss
            )
        }
        await #expect(throws: EscrowError.denied) { _ = try await service.keyring(by: boss) }
        let token = try await service.createAPIToken(
            name: "x",
            role: .reader,
            scope: .everything,
            expiresAt: nil,
            by: self.escrow.console
        ).token
        #expect(try await service.revokeAPIToken(token.id, by: boss).revokedAt != nil)
    }

    @Test("nobody takes their own access, and the last administrator who can sign in stays")
    func last() async throws {
        let service = self.escrow.service
        let boss = try await self.person("boss")
        let second = try await self.person("second")
        func code(_ body: () async throws -> Void) async -> String? {
            do {
                try await body()
                return nil
            } catch EscrowError.conflict(let code, _) { return code } catch { return "\(error)" }
        }
        #expect(await code { _ = try await service.disableAccount(boss.account.id, by: boss.caller) } == "own-account")
        #expect(await code { _ = try await service.resetAccount(boss.account.id, by: boss.caller) } == "own-account")
        #expect(await code { _ = try await service.disableAccount(second.account.id, by: boss.caller) } == nil)
        // Whoever was disabled at the same moment as they disabled somebody else.
        let late = await code { _ = try await service.disableAccount(boss.account.id, by: second.caller) }
        #expect(late == "last-administrator")
        #expect(await code { _ = try await service.resetAccount(boss.account.id, by: self.escrow.console) } == nil)
    }

    @Test("what somebody else changed meanwhile is not changed again unseen")
    func meanwhile() async throws {
        let service = self.escrow.service
        let kim = try await self.person("kim", .helpdesk).account
        _ = try await service.disableAccount(kim.id, seen: .active, by: self.escrow.console)
        let error = await #expect(throws: EscrowError.self) {
            _ = try await service.resetAccount(kim.id, seen: .active, by: self.escrow.console)
        }
        guard case .conflict("account-changed", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try await service.disableAccount(kim.id, seen: .active, by: self.escrow.console).state == .disabled)
    }

    @Test("an enrolment token's form that is sent twice makes one token")
    func twice() async throws {
        let service = self.escrow.service
        let boss = try await self.person("boss").caller
        let id = GUID(high: 7, low: 7)
        func make() async throws {
            _ = try await service.createEnrolmentToken(
                id: id,
                name: "office",
                group: "berlin",
                maximumUses: nil,
                expiresAt: nil,
                by: boss
            )
        }
        try await make()
        let error = await #expect(throws: EscrowError.self) { try await make() }
        guard case .conflict("token-exists", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try await service.enrolmentTokens(PageRequest(), by: boss).items.map(\.id) == [id])
    }

    @Test("lists are read a page at a time, the latest first, and accounts by how their user names begin")
    func pages() async throws {
        let service = self.escrow.service
        let auditor = try await self.person("audit", .auditor).caller
        for name in ["kim", "kirk", "kit", "max"] {
            _ = try await service.invite(
                userName: name,
                name: name,
                role: .reader,
                scope: .everything,
                by: self.escrow.console
            )
        }
        let first = try await service.accounts(PageRequest(limit: 3), by: auditor)
        #expect(first.items.map(\.userName) == ["max", "kit", "kirk"])
        let second = try await service.accounts(PageRequest(after: first.next, limit: 3), by: auditor)
        #expect(second.items.map(\.userName) == ["kim", "audit"] && second.next == nil)
        let found = try await service.accounts(userNamePrefix: "KI", PageRequest(limit: 2), by: auditor)
        #expect(found.items.map(\.userName) == ["kit", "kirk"] && found.next != nil)
    }

    @Test("a sign-in is on the account, a session that an administrator ends is over, and its end is on record")
    func sessions() async throws {
        let service = self.escrow.service
        let boss = try await self.person("boss").caller
        let kim = try await self.person("kim", .helpdesk)
        let (account, sessions) = try await service.account(kim.account.id, by: boss)
        #expect(account.signedInAt == self.escrow.now)
        #expect(sessions.map(\.id) == [kim.session.session.id])
        #expect(try await service.sessions(PageRequest(), by: boss).items.count == 2)
        try await service.endSession(kim.session.session.id, by: boss)
        try await service.endSession(kim.session.session.id, by: boss)
        #expect(try await service.signedIn(by: kim.session.token, source: self.source) == nil)
        let ends = try await self.escrow.records().filter { $0["kind"] as? String == "session.ended" }
        #expect(ends.count == 1)
    }

    @Test("what would come of a disclosure is explained for an account, a role and a device's owner")
    func explain() async throws {
        let device = try await TestDevice(in: self.escrow, volumes: [try TestVolume()])
        _ = try await self.person("kim", .helpdesk, scope: .groups(["paris"]))
        let auditor = self.escrow.caller(.auditor)
        func allows(_ who: String) async throws -> Bool {
            try await self.escrow.service.explain(
                SupposedDisclosure(
                    caller: who,
                    device: device.id,
                    reason: try DisclosureReason(code: .test, ticket: nil, comment: nil),
                    at: nil,
                    address: nil
                ),
                by: auditor
            ).rules?.isAllowed ?? false
        }
        #expect(try await allows("account:kim") == false)
        #expect(try await allows("role:helpdesk"))
        #expect(try await allows("role:helpdesk:berlin,paris"))
        #expect(try await allows("role:helpdesk:paris") == false)
        #expect(try await allows("role:reader") == false)
        #expect(try await allows("role:owner"))
        for who in ["account:nobody", "role:device", "role:king", "role:"] {
            await #expect(throws: EscrowError.self) { _ = try await allows(who) }
        }
    }
}
