import BitLocker
import EscrowModel
import EscrowPolicy
import Testing

@Suite("Disclosure rules")
struct DisclosureRulesTests {
    static let now = Timestamp(seconds: 1_800_000_000)

    static func request(
        _ role: Role = .helpdesk,
        group: String = "berlin",
        from address: String = "10.0.0.1",
        ticket: String? = nil
    ) throws -> DisclosureRequest {
        DisclosureRequest(
            caller: Caller(
                identity: .client(id: GUID(high: 1, low: 1), name: "portal"),
                role: role,
                scope: .everything,
                source: Source(address: address)
            ),
            group: group,
            reason: try DisclosureReason(code: .test, ticket: ticket, comment: nil),
            now: Self.now
        )
    }

    static func decide(
        _ request: DisclosureRequest,
        _ usage: LimitUsage = .none,
        _ change: (inout DisclosureRule) throws -> Void
    ) rethrows -> DisclosureDecision {
        var rule = DisclosureRule(name: "a")
        try change(&rule)
        return DisclosureRules([rule]).evaluate(request) { _ in usage }
    }

    @Test("without rules everything is allowed that the role matrix allows")
    func none() throws {
        #expect(PolicyDocument.none.rules.evaluate(try Self.request()) { _ in .none }.isAllowed)
    }

    @Test(
        "an address that cannot be read is in no network",
        arguments: ["unknown", "", "local", "10.0.0.1.evil", "::ffff:10.0.0.1"]
    )
    func networks(address: String) throws {
        let decision = try Self.decide(try Self.request(from: address)) {
            $0.networks = [.network(try IPNetwork("10.0.0.0/8"))]
        }
        #expect(decision.isAllowed == (address == "::ffff:10.0.0.1"))
        if !decision.isAllowed { #expect(decision.refused?.refusal == .notAllowed(.otherNetwork)) }
    }

    @Test("whoever never signed in, or will have in the future, has not signed in")
    func signIn() throws {
        for (age, isAllowed) in [
            (TimeSpan.minutes(9), true), (.minutes(10), false), (TimeSpan(milliseconds: -1), false),
        ] {
            var request = try Self.request()
            request.signedInAt = Self.now - age
            #expect(Self.decide(request) { $0.reauthentication = .minutes(10) }.isAllowed == isAllowed)
        }
        let never = Self.decide(try Self.request()) { $0.reauthentication = .minutes(10) }
        #expect(never.refused?.refusal == .notAllowed(.signInTooOld))
    }

    @Test("an approval counts while it is fresh and from somebody with the role that the rule names")
    func approvals() throws {
        let requirement = ApprovalRequirement(roles: [.administrator], expires: .minutes(30))
        var request = try Self.request()
        #expect(Self.decide(request) { $0.approval = requirement }.refused?.refusal == .approvalRequired(requirement))
        for (role, age, isMet) in [
            (Role.administrator, TimeSpan.minutes(29), true), (.administrator, .minutes(30), false),
            (.helpdesk, .minutes(1), false), (.administrator, TimeSpan(milliseconds: -1), false),
        ] {
            request.approval = GivenApproval(role: role, at: Self.now - age)
            #expect(Self.decide(request) { $0.approval = requirement }.isAllowed == isMet)
        }
        request.approval = nil
        request.isApprovalWaived = true
        let waived = Self.decide(request) { $0.approval = requirement }
        #expect(waived.isAllowed && waived.approval == requirement)
    }

    @Test("a limit that is reached refuses until the time that the store names, or a whole window")
    func limits() throws {
        let request = try Self.request()
        let free = Self.now + .minutes(5)
        for (count, isAllowed) in [(4, true), (5, false), (6, false)] {
            let decision = Self.decide(request, LimitUsage(count: count, freeAt: free)) { $0.perCaller.hour = 5 }
            #expect(decision.isAllowed == isAllowed)
            #expect(decision.limits.map(\.limit.maximum) == [5])
            guard case .limitReached(_, let until)? = decision.refused?.refusal else { continue }
            #expect(until == free)
        }
        let unknown = Self.decide(request, LimitUsage(count: 5)) { $0.perCaller.hour = 5 }
        guard case .limitReached(_, Self.now + .hours(1))? = unknown.refused?.refusal else {
            Issue.record("\(unknown)")
            return
        }
    }

    @Test("the caller is told the strictest refusal, and the record names all rules")
    func strictest() throws {
        var first = DisclosureRule(name: "z")
        first.ticket = DisclosureRule.Ticket(isRequired: true)
        first.reasons = [.other, .legalRequest]
        var second = DisclosureRule(name: "b")
        second.reasons = [.legalRequest, .dataRecovery]
        var third = DisclosureRule(name: "c")
        third.isSelfServiceAllowed = false
        let request = try Self.request()
        let decision = DisclosureRules([first, second, third]).evaluate(request) { _ in .none }
        #expect(decision.refused?.refusal == .reasonNotAllowed(allowed: [.legalRequest]))
        #expect(decision.refused?.rules == ["b", "z"])
        let owner = DisclosureRules([first, second, third]).evaluate(try Self.request(.owner)) { _ in .none }
        #expect(owner.refused?.refusal == .notAllowed(.selfServiceOff))
        #expect(owner.refused?.rules == ["b", "c", "z"])
    }

    @Test("the shortest life of a disclosed key counts, and never asks for nothing")
    func replacement() throws {
        func rule(_ name: String, _ replacement: DisclosureRule.Replacement) -> DisclosureRule {
            var rule = DisclosureRule(name: name)
            rule.replacement = replacement
            return rule
        }
        let rules = DisclosureRules([rule("a", .after(.hours(2))), rule("b", .never), rule("c", .after(.hours(1)))])
        #expect(rules.evaluate(try Self.request()) { _ in .none }.replaceAfter == .hours(1))
        #expect(DisclosureRules([rule("b", .never)]).evaluate(try Self.request()) { _ in .none }.replaceAfter == nil)
    }

    @Test("an alarm comes at its share of the limit, not before")
    func alarms() {
        let limit = DisclosureLimit(rule: "a", subject: .caller, window: .hour, maximum: 10, alarmPercentage: 75)
        #expect([7, 8, 10].map { limit.isNear($0) } == [false, true, true])
        #expect(!DisclosureLimit(rule: "a", subject: .caller, window: .hour, maximum: 10).isNear(10))
    }
}
