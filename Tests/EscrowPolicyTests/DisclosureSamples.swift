import BitLocker
import EscrowModel
import EscrowPolicy

/// Random numbers that are the same in every run (SplitMix64, Vigna).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func maybe() -> Bool { Bool.random(using: &self) }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: values.indices, using: &self)] }

    mutating func some<Value: Hashable>(_ values: [Value]) -> Set<Value> {
        Set((0..<Int.random(in: 1...3, using: &self)).map { _ in self.pick(values) })
    }
}

/// Rules and requests of few values, so that they meet often.
enum DisclosureSamples {
    static let groups = ["berlin", "paris", "executives"]
    static let addresses = ["10.1.2.3", "192.0.2.1", "2001:db8::1", "::ffff:10.0.0.1", "local", "unknown", ""]
    static let spans: [TimeSpan] = [.minutes(1), .minutes(30), .hours(1), .days(1)]
    static let noon = Timestamp(seconds: 1_800_000_000)

    static func request(_ generator: inout SeededGenerator) throws -> DisclosureRequest {
        let identity: Caller.Identity =
            generator.maybe()
            ? .client(
                id: GUID(high: 1, low: UInt64.random(in: 1...2, using: &generator)),
                name: generator.pick(["portal", "kim"])
            )
            : .localOperator(name: generator.pick(["root", "kim"]))
        let now = Self.noon + .minutes(Int64.random(in: 0...20_000, using: &generator))
        let code = generator.pick([DisclosureReason.Code.test, .dataRecovery, .legalRequest])
        var request = DisclosureRequest(
            caller: Caller(
                identity: identity,
                role: generator.pick([.helpdesk, .administrator, .owner]),
                scope: .everything,
                source: Source(address: generator.pick(Self.addresses))
            ),
            group: generator.pick(Self.groups),
            reason: try DisclosureReason(code: code, ticket: generator.pick([nil, "INC1", "X"]), comment: nil),
            now: now
        )
        if generator.maybe() { request.signedInAt = now - generator.pick(Self.spans) }
        if generator.maybe() {
            request.approval = GivenApproval(
                role: generator.pick(Policy.approvers),
                at: now - generator.pick(Self.spans)
            )
        }
        return request
    }

    static func rule(_ number: Int, _ generator: inout SeededGenerator) throws -> DisclosureRule {
        var rule = DisclosureRule(name: "rule-\(number)")
        if generator.maybe() { rule.scope.groups = generator.some(Self.groups) }
        if generator.maybe() { rule.scope.roles = generator.some([.helpdesk, .administrator, .owner]) }
        if Int.random(in: 0..<4, using: &generator) == 0 {
            rule.scope.callers = [Glob(generator.pick(["k*", "client:*", "root"]))]
        }
        // One or two conditions a rule, so that some requests pass.
        for _ in 0..<Int.random(in: 1...2, using: &generator) {
            switch Int.random(in: 0..<9, using: &generator) {
            case 0: rule.reasons = generator.some([.test, .dataRecovery, .legalRequest])
            case 1:
                rule.ticket = DisclosureRule.Ticket(
                    isRequired: generator.maybe(),
                    pattern: generator.maybe() ? try TicketPattern("^INC[0-9]+$") : nil
                )
            case 2:
                rule.approval = ApprovalRequirement(
                    roles: generator.some(Policy.approvers),
                    expires: generator.pick(Self.spans)
                )
            case 3: rule.perCaller = DisclosureRule.Windows(hour: Int.random(in: 1...4, using: &generator))
            case 4: rule.perScope = DisclosureRule.Windows(day: Int.random(in: 1...4, using: &generator))
            case 5:
                guard let from = AllowedHours.Minute("07:00"),
                    let to = AllowedHours.Minute(generator.pick(["19:00", "03:00"]))
                else { continue }
                rule.hours = AllowedHours(
                    days: generator.some(AllowedHours.Day.allCases),
                    from: from,
                    to: to,
                    timeZone: generator.pick(["UTC", "Europe/Berlin"])
                )
            case 6: rule.networks = [generator.pick([.local, .network(try IPNetwork("10.0.0.0/8"))])]
            case 7: rule.reauthentication = generator.pick(Self.spans)
            default:
                rule.isSelfServiceAllowed = false
                rule.replacement = generator.pick([.never, .after(generator.pick(Self.spans))])
            }
        }
        return rule
    }

    /// How much of a limit is used, the same for the same limit.
    static func usage(of limit: DisclosureLimit) -> LimitUsage {
        let count = limit.rule.utf8.reduce(limit.maximum) { ($0 + Int($1)) % 6 }
        return LimitUsage(count: count, freeAt: Self.noon + .minutes(Int64(count)))
    }
}
