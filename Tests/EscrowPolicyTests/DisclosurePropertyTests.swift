import EscrowModel
import EscrowPolicy
import Testing

/// That no rule can widen access, shown on rules and requests that nobody chose. The seed is fixed: a failure comes again.
@Suite("Rules can only narrow")
struct DisclosurePropertyTests {
    static let rounds = 4000

    /// Calls the body with rules and a request, and counts what was allowed: a property of refusals only shows nothing.
    private static func forEach(
        seed: UInt64,
        _ body: ([DisclosureRule], DisclosureRequest, inout SeededGenerator) throws -> Bool
    ) throws {
        var generator = SeededGenerator(state: seed)
        var allowed = 0
        for _ in 0..<Self.rounds {
            let rules = try (0..<Int.random(in: 0...5, using: &generator)).map {
                try DisclosureSamples.rule($0, &generator)
            }
            let request = try DisclosureSamples.request(&generator)
            if try body(rules, request, &generator) { allowed += 1 }
        }
        #expect(
            (Self.rounds / 10...Self.rounds * 9 / 10).contains(allowed),
            "\(allowed) of \(Self.rounds) were allowed"
        )
    }

    private static func decide(_ rules: [DisclosureRule], _ request: DisclosureRequest) -> DisclosureDecision {
        DisclosureRules(rules).evaluate(request) { DisclosureSamples.usage(of: $0) }
    }

    @Test("a rule more never allows what was refused without it, and never asks for less")
    func adding() throws {
        try Self.forEach(seed: 1) { rules, request, generator in
            let before = Self.decide(rules, request)
            let extra = try DisclosureSamples.rule(9, &generator)
            let after = Self.decide(rules + [extra], request)
            #expect(before.isAllowed || !after.isAllowed, "\(extra) allows \(request) against \(rules)")
            if let delay = before.replaceAfter {
                let shorter = try #require(after.replaceAfter)
                #expect(shorter <= delay)
            }
            if let approval = before.approval {
                let stricter = try #require(after.approval)
                #expect(stricter.roles.isSubset(of: approval.roles) && stricter.expires <= approval.expires)
            }
            #expect(after.limits.count >= before.limits.count)
            return before.isAllowed
        }
    }

    @Test("the order of the rules does not matter")
    func order() throws {
        try Self.forEach(seed: 2) { rules, request, generator in
            let decision = Self.decide(rules, request)
            let shuffled = Self.decide(rules.shuffled(using: &generator), request)
            #expect(decision.refused == shuffled.refused)
            #expect(decision.approval == shuffled.approval)
            #expect(decision.replaceAfter == shuffled.replaceAfter)
            #expect(Set(decision.limits.map(\.limit)) == Set(shuffled.limits.map(\.limit)))
            return decision.isAllowed
        }
    }

    @Test("a rule that is about other disclosures changes nothing")
    func outOfScope() throws {
        try Self.forEach(seed: 3) { rules, request, generator in
            let decision = Self.decide(rules, request)
            var other = try DisclosureSamples.rule(9, &generator)
            other.scope.groups = ["elsewhere"]
            let with = Self.decide([other] + rules, request)
            #expect(with.refused == decision.refused)
            #expect(with.approval == decision.approval)
            #expect(with.replaceAfter == decision.replaceAfter)
            #expect(with.limits.map(\.limit) == decision.limits.map(\.limit))
            #expect(with.findings.first == RuleFinding(rule: other.name, isInScope: false, refusals: []))
            return decision.isAllowed
        }
    }

    @Test("all rules together allow exactly what each of them allows alone")
    func conjunction() throws {
        try Self.forEach(seed: 4) { rules, request, _ in
            let together = Self.decide(rules, request).isAllowed
            #expect(together == rules.allSatisfy { Self.decide([$0], request).isAllowed })
            return together
        }
    }

    @Test("every refusal names each rule that refuses, and no other")
    func names() throws {
        try Self.forEach(seed: 5) { rules, request, _ in
            let decision = Self.decide(rules, request)
            let refusing = rules.filter { !Self.decide([$0], request).isAllowed }.map(\.name).sorted()
            #expect((decision.refused?.rules ?? []) == refusing)
            return decision.isAllowed
        }
    }
}
