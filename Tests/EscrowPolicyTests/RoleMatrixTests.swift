import BitLocker
import EscrowModel
import EscrowPolicy
import Foundation
import Testing

@Suite("Role matrix")
struct RoleMatrixTests {
    static let device = GUID(high: 1, low: 1)
    static let otherDevice = GUID(high: 2, low: 2)

    /// Every caller that the matrix has a line for: a role, and who holds it.
    static let callers: [(String, Caller)] =
        Role.ofTokens.map { ("\($0)", client($0)) }
        + [
            ("administrator (console)", console),
            ("administrator (fresh)", person(.administrator, scope: .everything, signedInAt: now)),
            ("administrator (stale)", person(.administrator, scope: .everything, signedInAt: Timestamp(seconds: 0))),
            ("administrator (berlin)", person(.administrator, scope: .groups(["berlin"]), signedInAt: now)),
            ("auditor (person)", person(.auditor, scope: .everything, signedInAt: now)),
            (
                "break-glass",
                Caller(
                    identity: .breakGlass(setup: GUID(high: 8, low: 8)),
                    role: .administrator,
                    scope: .everything,
                    source: source
                )
            ),
            ("owner", person(.owner, "kim@example.com")),
            // With the name of the same owner, and everything in scope.
            ("owner by token", client(.owner, name: "kim@example.com", scope: .everything)),
            ("owner of nothing", person(.owner, nil, scope: .everything)),
            ("device", Caller(identity: .device(device), role: .device, scope: .groups([]), source: source)),
            ("system", .system("test")),
        ]

    /// What each caller is asked about.
    static let subjects: [(String, Policy.Subject)] = [
        ("own device or in scope", .device(device, group: "berlin", owner: "kim@example.com")),
        ("other device, out of scope", .device(otherDevice, group: "paris", owner: "max@example.com")),
        ("device without an owner, in scope", .device(otherDevice, group: "berlin", owner: nil)),
        ("own scope", .scope),
        ("installation", .installation),
    ]

    static let source = Source(address: "192.0.2.1")
    static let console = Caller(
        identity: .localOperator(name: "root"),
        role: .administrator,
        scope: .everything,
        source: source
    )

    /// The moment of the decisions: long after a sign-in at 1970 began to be old.
    static let now = Timestamp(seconds: 1_800_000_000)

    static func person(_ role: Role, scope: Scope, signedInAt time: Timestamp) -> Caller {
        Caller(
            identity: .person(issuer: "local", subject: "7", name: "Kim"),
            role: role,
            scope: scope,
            source: source,
            authentication: Authentication(time: time, methods: ["pwd", "otp"])
        )
    }

    static func client(_ role: Role, name: String = "token", scope: Scope = .groups(["berlin"])) -> Caller {
        Caller(identity: .client(id: GUID(high: 9, low: 9), name: name), role: role, scope: scope, source: source)
    }

    static func person(_ role: Role, _ userName: String?, scope: Scope = .groups([])) -> Caller {
        Caller(
            identity: .person(issuer: "local", subject: "7", name: "Kim"),
            role: role,
            scope: scope,
            source: source,
            userName: userName
        )
    }

    static func matrix() -> String {
        let policy = Policy()
        var lines = [
            "Who may do what. One block an action, one line a caller; the columns are what it is about.",
            "yes = allowed; no = denied, and known to exist; 404 = denied as if it did not exist; behind it the rule.",
            "Callers have the scope \"berlin\", but the console, break-glass and the system, who have everything, and people",
            "who signed in (fresh: now; stale: long ago), who have everything but where berlin is said.",
        ]
        for action in Action.allCases {
            lines.append("")
            lines.append("\(action)")
            for (name, caller) in Self.callers {
                for (subjectName, subject) in Self.subjects {
                    let answer: String =
                        switch policy.decide(action, by: caller, on: subject, at: Self.now) {
                        case .allowed: "yes"
                        case .denied(_, mayKnow: true): "no"
                        case .denied(_, mayKnow: false): "404"
                        }
                    let rule = policy.decide(action, by: caller, on: subject, at: Self.now).rule.rawValue
                    let columns = [(name, 24), (subjectName, 34), (answer, 4)]
                    lines.append(
                        "  "
                            + columns.map { $0.0.padding(toLength: $0.1, withPad: " ", startingAt: 0) }.joined()
                            + rule
                    )
                }
            }
        }
        return (lines + Self.conditions()).joined(separator: "\n") + "\n"
    }

    /// Rules of each kind, each about one group, and one about everything.
    static let conditionRules = """
        rules:
          - {name: reasons, scope: {groups: [berlin]}, reasons: [legalRequest]}
          - {name: ticket, scope: {groups: [berlin]}, ticket: {pattern: "^INC[0-9]+$"}}
          - {name: approval, scope: {groups: [berlin], roles: [helpdesk, owner]}, approval: {by: [administrator]}}
          - {name: limit, scope: {groups: [berlin]}, limits: {perCaller: {hour: 5}}}
          - {name: hours, scope: {groups: [berlin]}, hours: {days: [mon], from: "07:00", to: "08:00", timeZone: UTC}}
          - {name: networks, scope: {groups: [berlin]}, networks: [10.0.0.0/8]}
          - {name: reauthentication, scope: {groups: [berlin]}, reauthentication: 10m}
          - {name: self-service, scope: {groups: [berlin]}, selfService: false}
          - {name: rotate, scope: {groups: [berlin]}, rotateAfterDisclosure: 15m}
          - {name: callers, scope: {callers: ["client:*"]}, networks: [local]}
        """

    /// What each rule alone says to each caller whom the matrix lets disclose, in the rule's scope and out of it.
    static func conditions() -> [String] {
        var lines = [
            "",
            "Disclosure rules (revealKey, where the matrix above says yes). One block a rule, alone, as written here:",
            "none of its conditions is met. Columns: the device's group, the answer, and what the record has of it.",
        ]
        guard let rules = try? PolicyDocument(Self.conditionRules).rules.rules,
            let reason = try? DisclosureReason(code: .test, ticket: nil, comment: nil)
        else { return ["the rules cannot be read"] }
        let written = Self.conditionRules.split(separator: "\n").dropFirst()
        for (rule, text) in zip(rules, written) {
            lines += ["", text.drop { $0 == " " || $0 == "-" }.description]
            for (name, caller) in Self.callers where Policy.actions(of: caller.role).contains(.revealKey) {
                for group in ["berlin", "paris"] {
                    let decision = DisclosureRules([rule]).evaluate(
                        DisclosureRequest(caller: caller, group: group, reason: reason, now: Timestamp(seconds: 0))
                    ) { LimitUsage(count: $0.maximum) }
                    let answer = decision.refused.map { refused in
                        if case .notAllowed = refused.refusal { "no" } else { "must" }
                    }
                    let record = decision.refused.map { "\($0.rules.joined(separator: ", ")): \($0.refusal.word)" }
                    let columns = [(name, 24), (group, 8), (answer ?? "yes", 5)]
                    lines.append(
                        "  "
                            + columns.map { $0.0.padding(toLength: $0.1, withPad: " ", startingAt: 0) }.joined()
                            + (record ?? decision.replaceAfter.map { "replaced after \($0)" } ?? "-")
                    )
                }
            }
        }
        return lines
    }

    @Test("is the one that was reviewed (write it anew with SPAREKEY_RECORD=1, and read the diff)")
    func golden() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "role-matrix.txt")
        let matrix = Self.matrix()
        if ProcessInfo.processInfo.environment["SPAREKEY_RECORD"] == "1" {
            try matrix.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == matrix)
    }

    @Test("no device may ever have a secret disclosed", arguments: Action.allCases)
    func devicesNeverRead(action: Action) {
        let caller = Caller(identity: .device(Self.device), role: .device, scope: .everything, source: Self.source)
        let reads: Set<Action> = [.listKeys, .readDevice, .revealKey, .readAudit, .exportAudit]
        for (_, subject) in Self.subjects where reads.contains(action) {
            #expect(!Policy().decide(action, by: caller, on: subject, at: Self.now).isAllowed)
        }
    }

    @Test("only help desk, administrators and owners may have a secret disclosed", arguments: Role.allCases)
    func disclosers(role: Role) {
        #expect(
            Policy.actions(of: role).contains(.revealKey) == [.helpdesk, .administrator, .owner].contains(role)
        )
    }

    @Test("a wider scope never takes away, and a narrower one never gives", arguments: Role.ofTokens, Action.allCases)
    func scopesAreMonotone(role: Role, action: Action) {
        let scopes: [Scope] = [.groups([]), .groups(["berlin"]), .groups(["berlin", "paris"]), .everything]
        for (_, subject) in Self.subjects {
            let answers = scopes.map {
                Policy().decide(action, by: Self.client(role, scope: $0), on: subject, at: Self.now).isAllowed
            }
            for (narrow, wide) in zip(answers, answers.dropFirst()) {
                #expect(!narrow || wide)
            }
        }
    }

    @Test("what is out of scope is as if it did not exist", arguments: Role.ofTokens, Action.allCases)
    func outOfScopeIsUnknown(role: Role, action: Action) {
        let decision = Policy().decide(
            action,
            by: Self.client(role),
            on: .device(Self.otherDevice, group: "paris", owner: nil),
            at: Self.now
        )
        guard case .denied(_, let mayKnow) = decision else {
            Issue.record("\(role) may \(action) out of scope")
            return
        }
        #expect(!mayKnow || Policy.onConsole.union(Policy.inPerson).contains(action))
    }
}
