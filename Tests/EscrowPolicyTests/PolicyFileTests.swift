import EscrowModel
import EscrowPolicy
import Testing

@Suite("The policy file")
struct PolicyFileTests {
    static let whole = """
        groups:
          - name: executives
            when: {owner: ["*@board.example.com"], name: ["EXEC-*"]}
          - name: kiosks
            when: {enrolledInto: [lobby], operatingSystem: ["Windows 10*"], serial: ["K?-*"]}
        rules:
          - name: executives-need-two
            scope: {groups: [executives], roles: [helpdesk], callers: ["client:*", portal]}
            reasons: [firmwareUpdate, legalRequest]
            ticket: {required: true, pattern: "^INC[0-9]{7}$"}
            approval: {required: true, by: [administrator], expires: 45m}
            limits: {perCaller: {hour: 10, day: 40}, perScope: {hour: 100}, alarmAt: 80%}
            hours: {days: [mon-fri, sun], from: 07:00, to: "19:00", timeZone: Europe/Berlin}
            networks: [10.0.0.0/8, "2001:db8::/32", local]
            reauthentication: 10m
            selfService: false
            rotateAfterDisclosure: 1h
        """

    @Test("everything that can be written is read as it was meant")
    func everything() throws {
        let policy = try PolicyDocument(Self.whole)
        #expect(policy.groups.map(\.group) == ["executives", "kiosks"])
        #expect(policy.groups[1].conditions[.serial] == [Glob("K?-*")])
        let rule = try #require(policy.rules.rules.first)
        #expect(rule.name == "executives-need-two")
        #expect(rule.scope.groups == ["executives"])
        #expect(rule.scope.roles == [.helpdesk])
        #expect(rule.scope.callers == [Glob("client:*"), Glob("portal")])
        #expect(rule.reasons == [.firmwareUpdate, .legalRequest])
        #expect(rule.ticket == DisclosureRule.Ticket(isRequired: true, pattern: try TicketPattern("^INC[0-9]{7}$")))
        #expect(rule.approval == ApprovalRequirement(roles: [.administrator], expires: .minutes(45)))
        #expect(rule.perCaller == DisclosureRule.Windows(hour: 10, day: 40))
        #expect(rule.perScope == DisclosureRule.Windows(hour: 100))
        #expect(rule.alarmPercentage == 80)
        #expect(rule.hours?.days == [.monday, .tuesday, .wednesday, .thursday, .friday, .sunday])
        #expect(rule.networks?.count == 3)
        #expect(rule.reauthentication == .minutes(10))
        #expect(!rule.isSelfServiceAllowed)
        #expect(rule.replacement == .after(.hours(1)))
        #expect(policy.digest.count == 12)
        #expect(policy.digest != (try PolicyDocument(Self.whole + "\n# a comment")).digest)
    }

    static let broken: [(String, Int?, String, String)] = [
        ("", nil, "", "empty"),
        ("{}", 1, "", "groups, rules or both"),
        ("- a", 1, "", "keys and values"),
        ("rules: {", 2, "", "YAML"),
        ("rules: &a [*a]", 1, "", "YAML"),
        ("rules: []", 1, "rules", "entries"),
        ("rule:\n  - name: a", 1, "rule", "is not a key"),
        ("rules:\n  - name: a\n    selfService: false\n    name: b", 2, "", "twice"),
        ("rules:\n  - name: a\n    selfservice: false", 3, "rules[0].selfservice", "is not a key"),
        ("rules:\n  - name: a\n    selfService: no", 3, "rules[0].selfService", "true or false"),
        ("rules:\n  - name: a\n    selfService: [true]", 3, "rules[0].selfService", "true or false"),
        ("rules:\n  - name: a", 2, "rules[0]", "asks for nothing"),
        ("rules:\n  - selfService: true", 2, "rules[0].name", "is missing"),
        ("rules:\n  - name: a b\n    selfService: true", 2, "rules[0].name", "letters"),
        (
            "rules:\n  - {name: a, selfService: true}\n  - {name: a, selfService: true}", 3, "rules[1].name",
            "another rule"
        ),
        ("rules:\n  - name: a\n    reasons: [bored]", 3, "rules[0].reasons[0]", "one of firmwareUpdate"),
        ("rules:\n  - name: a\n    reasons: []", 3, "rules[0].reasons", "entries"),
        ("rules:\n  - name: a\n    reasons: [test, test]", 3, "rules[0].reasons[1]", "twice"),
        ("rules:\n  - name: a\n    reasons: test", 3, "rules[0].reasons", "list"),
        ("rules:\n  - name: a\n    scope: {groups: []}", 3, "rules[0].scope.groups", "entries"),
        ("rules:\n  - name: a\n    scope: {groups: [~]}", 3, "rules[0].scope.groups[0]", "text"),
        ("rules:\n  - name: a\n    scope: {roles: [king]}", 3, "rules[0].scope.roles[0]", "one of reader"),
        ("rules:\n  - name: a\n    ticket: {pattern: \"INC\"}", 3, "rules[0].ticket.pattern", "begin with ^"),
        ("rules:\n  - name: a\n    approval: {by: [reader]}", 3, "rules[0].approval.by[0]", "one of helpdesk"),
        ("rules:\n  - name: a\n    approval: {expires: 0s}", 3, "rules[0].approval.expires", "a time"),
        ("rules:\n  - name: a\n    limits: {alarmAt: 80%}", 3, "rules[0].limits", "perCaller"),
        ("rules:\n  - name: a\n    limits: {perCaller: {hour: 0}}", 3, "rules[0].limits.perCaller.hour", "1 to"),
        ("rules:\n  - name: a\n    limits: {perCaller: {hour: 1e1}}", 3, "rules[0].limits.perCaller.hour", "1 to"),
        ("rules:\n  - name: a\n    limits: {perCaller: {}}", 3, "rules[0].limits.perCaller", "hour, day"),
        (
            "rules:\n  - name: a\n    limits: {perCaller: {hour: 1}, alarmAt: 80}", 3, "rules[0].limits.alarmAt",
            "1% to 100%"
        ),
        (
            "rules:\n  - name: a\n    hours: {from: 07:00, to: 07:00, timeZone: UTC}", 3, "rules[0].hours",
            "no time at all"
        ),
        (
            "rules:\n  - name: a\n    hours: {from: 7:00, to: 19:00, timeZone: UTC}", 3, "rules[0].hours.from",
            "time of day"
        ),
        (
            "rules:\n  - name: a\n    hours: {from: 07:00, to: 24:01, timeZone: UTC}", 3, "rules[0].hours.to",
            "time of day"
        ),
        (
            "rules:\n  - name: a\n    hours: {from: 07:00, to: 19:00, timeZone: Europe/Bonn}", 3,
            "rules[0].hours.timeZone", "time zone"
        ),
        (
            "rules:\n  - name: a\n    hours: {from: 07:00, to: 19:00, timeZone: GMT+2}", 3,
            "rules[0].hours.timeZone", "time zone"
        ),
        (
            "rules:\n  - name: a\n    hours: {days: [workdays], from: 07:00, to: 19:00, timeZone: UTC}", 3,
            "rules[0].hours.days[0]", "mon-fri"
        ),
        ("rules:\n  - name: a\n    hours: {from: 07:00}", 3, "rules[0].hours", "timeZone"),
        ("rules:\n  - name: a\n    networks: [10.1.0.0/8]", 3, "rules[0].networks[0]", "10.0.0.0/8"),
        ("rules:\n  - name: a\n    networks: [example.com]", 3, "rules[0].networks[0]", "10.0.0.0/8"),
        ("rules:\n  - name: a\n    rotateAfterDisclosure: soon", 3, "rules[0].rotateAfterDisclosure", "never"),
        ("groups:\n  - name: a", 2, "groups[0]", "when"),
        ("groups:\n  - name: a\n    when: {}", 3, "groups[0].when", "a condition"),
        ("groups:\n  - name: a\n    when: {user: [x]}", 3, "groups[0].when.user", "is not a key"),
        ("groups:\n  - name: a\n    when: {owner: x}", 3, "groups[0].when.owner", "list"),
    ]

    @Test("what is wrong is told with its line and key, and nothing of the file is used", arguments: broken)
    func problems(text: String, line: Int?, key: String, words: String) throws {
        let error = try #require(throws: PolicyFileError.self) { try PolicyDocument(text) }
        let first = try #require(error.problems.first)
        #expect(first.line == line, "\(error)")
        #expect(first.key == key, "\(error)")
        #expect(first.text.contains(words), "\(error)")
    }

    @Test("all problems are told at once, in the order of the file")
    func several() throws {
        let text = "rules:\n  - name: a\n    selfService: 1\n    reauthentication: x\ngroup: 1"
        let error = try #require(throws: PolicyFileError.self) { try PolicyDocument(text) }
        #expect(error.problems.map(\.line) == [3, 4, 5])
    }

    @Test("a file of another kind, however large or deep, is refused and stops nothing")
    func hostile() {
        let bomb =
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
            + (0..<9).map {
                "b\($0): &b\($0) [\(Array(repeating: $0 == 0 ? "*a" : "*b\($0 - 1)", count: 9).joined(separator: ","))]"
            }
            .joined(separator: "\n")
        for text in [
            String(repeating: "[", count: 60_000), String(repeating: "a: {", count: 15_000), bomb,
            String(repeating: "x", count: 300_000), "\u{0}", "rules: !!python/object:os.system [x]",
        ] {
            #expect(throws: PolicyFileError.self) { try PolicyDocument(text) }
        }
    }

    @Test(
        "the group is the assigned one, else the first rule's that matches, else the token's",
        arguments: [
            ("EXEC-1", "kim@board.example.com", nil, "executives"),
            ("exec-1", "KIM@BOARD.EXAMPLE.COM", nil, "executives"),
            ("EXEC-1", "kim@example.com", nil, "berlin"),
            ("EXEC-1", nil, nil, "berlin"),
            ("EXEC-1", "kim@board.example.com", "vault", "vault"),
        ] as [(String, String?, String?, String)]
    )
    func groups(name: String, owner: String?, assigned: String?, group: String) throws {
        let policy = try PolicyDocument(Self.whole)
        let facts = DeviceFacts(name: name, owner: owner)
        #expect(policy.group(of: facts, enrolledInto: "berlin", assigned: assigned) == group)
    }

    @Test("a review tells what can never matter and what can never be met")
    func review() throws {
        let text = """
            groups:
              - {name: all, when: {name: ["*"]}}
              - {name: kiosks, when: {name: ["KIOSK-*"], owner: [x]}}
            rules:
              - {name: idle, scope: {roles: [reader]}, selfService: false}
              - {name: one, reasons: [test], approval: {by: [auditor]}}
              - {name: two, reasons: [other], approval: {by: [helpdesk]}}
              - {name: three, limits: {perCaller: {hour: 9, day: 9}}, reauthentication: 5m}
              - {name: four, rotateAfterDisclosure: never}
            """
        let warnings = PolicyReview(try PolicyDocument(text)).warnings
        for words in [
            "groups[1] (kiosks) can never match", "idle can never match", "one and two together accept no reason",
            "one and two together can be approved by nobody", "three: limits.perCaller.hour never matters",
            "three: reauthentication refuses every", "four: rotateAfterDisclosure: never changes nothing",
        ] {
            #expect(warnings.contains { $0.contains(words) }, "\(words) in \(warnings)")
        }
        #expect(PolicyReview(try PolicyDocument(Self.whole)).warnings.count == 2, "selfService and reauthentication")
    }
}
