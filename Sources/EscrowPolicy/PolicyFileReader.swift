import EscrowModel
import Yams

/// Reads the policy file. docs/policy.md describes it.
struct PolicyFileReader {
    private var yaml = YAMLReader()
    private let root: Node

    /// Parses the text. Throws when it is not YAML.
    init(_ text: String) throws(PolicyFileError) { self.root = try YAMLReader.parse(text) }

    /// What the file says. Throws all that is wrong with it.
    mutating func read() throws(PolicyFileError) -> (groups: [GroupRule], rules: [DisclosureRule]) {
        let fields = self.yaml.fields(self.root, "", ["groups", "rules"])
        if fields.isEmpty, self.yaml.problems.isEmpty {
            self.yaml.note(self.root, "", "the file must have groups, rules or both")
        }
        var groups: [GroupRule] = []
        if let node = fields["groups"] {
            for entry in self.yaml.entries(node, "groups") {
                if let group = self.group(entry.node, entry.path) { groups.append(group) }
            }
        }
        var rules: [DisclosureRule] = []
        if let node = fields["rules"] {
            for entry in self.yaml.entries(node, "rules") {
                let rule = self.rule(entry.node, entry.path)
                if !rule.name.isEmpty, rules.contains(where: { $0.name == rule.name }) {
                    self.yaml.note(entry.node, "\(entry.path).name", "is another rule's name: \(rule.name)")
                }
                rules.append(rule)
            }
        }
        guard self.yaml.problems.isEmpty else {
            throw PolicyFileError(problems: self.yaml.problems.sorted { $0.line ?? 0 < $1.line ?? 0 })
        }
        return (groups, rules)
    }

    // MARK: Groups

    private mutating func group(_ node: Node, _ path: String) -> GroupRule? {
        let fields = self.yaml.fields(node, path, ["name", "when"])
        guard let nameNode = fields["name"], let whenNode = fields["when"] else {
            self.yaml.note(node, path, "must have a name, and when it holds")
            return nil
        }
        let name = self.yaml.text(nameNode, "\(path).name", characters: 1...64)
        var conditions: [GroupRule.Fact: [Glob]] = [:]
        let facts = self.yaml.fields(whenNode, "\(path).when", GroupRule.Fact.allCases.map(\.rawValue))
        for fact in GroupRule.Fact.allCases {
            guard let node = facts[fact.rawValue] else { continue }
            conditions[fact] = self.yaml.texts(node, "\(path).when.\(fact.rawValue)").map { Glob($0) }
        }
        if facts.isEmpty, case .mapping = whenNode {
            self.yaml.note(whenNode, "\(path).when", "must have a condition; name: [\"*\"] fits every device")
        }
        return name.map { GroupRule(group: $0, conditions: conditions) }
    }

    // MARK: Rules

    private static let ruleKeys = [
        "name", "scope", "reasons", "ticket", "approval", "limits", "hours", "networks", "reauthentication",
        "selfService", "rotateAfterDisclosure",
    ]

    private mutating func rule(_ node: Node, _ path: String) -> DisclosureRule {
        let fields = self.yaml.fields(node, path, Self.ruleKeys)
        var rule = DisclosureRule(name: self.name(fields["name"], of: node, path))
        if let node = fields["scope"] { rule.scope = self.scope(node, "\(path).scope") }
        if let node = fields["reasons"] {
            rule.reasons = self.yaml.words(node, "\(path).reasons", DisclosureReason.Code.allCases)
        }
        if let node = fields["ticket"] { rule.ticket = self.ticket(node, "\(path).ticket") }
        if let node = fields["approval"] { rule.approval = self.approval(node, "\(path).approval") }
        if let node = fields["limits"] { self.readLimits(node, "\(path).limits", into: &rule) }
        if let node = fields["hours"] { rule.hours = self.hours(node, "\(path).hours") }
        if let node = fields["networks"] { rule.networks = self.networks(node, "\(path).networks") }
        if let node = fields["reauthentication"] {
            rule.reauthentication = self.yaml.span(node, "\(path).reauthentication")
        }
        if let node = fields["selfService"] {
            rule.isSelfServiceAllowed = self.yaml.flag(node, "\(path).selfService") ?? false
        }
        if let node = fields["rotateAfterDisclosure"] {
            rule.replacement = self.yaml.value(
                node,
                "\(path).rotateAfterDisclosure",
                "a time such as 15m or 24h, or never"
            ) { text in text == "never" ? .never : TimeSpan(text).map { .after($0) } }
        }
        if fields.count == 1, fields["name"] != nil, node.mapping?.count == 1 {
            self.yaml.note(node, path, "asks for nothing")
        }
        return rule
    }

    private mutating func name(_ node: Node?, of rule: Node, _ path: String) -> String {
        guard let node else {
            self.yaml.note(rule, "\(path).name", "is missing: records name the rule that refuses")
            return ""
        }
        let isNameCharacter = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return self.yaml.value(node, "\(path).name", "1 to 64 letters, digits or - _ .") { text in
            (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isNameCharacter) ? text : nil
        } ?? ""
    }

    private mutating func scope(_ node: Node, _ path: String) -> DisclosureRule.Scope {
        let fields = self.yaml.fields(node, path, ["groups", "roles", "callers"])
        var scope = DisclosureRule.Scope()
        if let node = fields["groups"] { scope.groups = Set(self.yaml.texts(node, "\(path).groups")) }
        if let node = fields["roles"] {
            scope.roles = self.yaml.words(node, "\(path).roles", Role.allCases)
        }
        if let node = fields["callers"] {
            scope.callers = self.yaml.texts(node, "\(path).callers").map { Glob($0) }
        }
        return scope
    }

    private mutating func ticket(_ node: Node, _ path: String) -> DisclosureRule.Ticket {
        let fields = self.yaml.fields(node, path, ["required", "pattern"])
        var ticket = DisclosureRule.Ticket(isRequired: true)
        if let node = fields["required"] { ticket.isRequired = self.yaml.flag(node, "\(path).required") ?? true }
        if let node = fields["pattern"], let text = self.yaml.text(node, "\(path).pattern") {
            do throws(TicketPattern.Problem) {
                ticket.pattern = try TicketPattern(text)
            } catch {
                self.yaml.note(node, "\(path).pattern", error.description)
            }
        }
        return ticket
    }

    private mutating func approval(_ node: Node, _ path: String) -> ApprovalRequirement? {
        let fields = self.yaml.fields(node, path, ["required", "by", "expires"])
        var requirement = ApprovalRequirement(roles: [.administrator], expires: .minutes(30))
        if let node = fields["by"] {
            requirement.roles = self.yaml.words(node, "\(path).by", Policy.approvers)
        }
        if let node = fields["expires"] {
            requirement.expires = self.yaml.span(node, "\(path).expires") ?? requirement.expires
        }
        guard let node = fields["required"] else { return requirement }
        return self.yaml.flag(node, "\(path).required") == false ? nil : requirement
    }

    private mutating func readLimits(_ node: Node, _ path: String, into rule: inout DisclosureRule) {
        let fields = self.yaml.fields(node, path, ["perCaller", "perScope", "alarmAt"])
        if let node = fields["perCaller"] { rule.perCaller = self.windows(node, "\(path).perCaller") }
        if let node = fields["perScope"] { rule.perScope = self.windows(node, "\(path).perScope") }
        if let node = fields["alarmAt"] {
            rule.alarmPercentage = self.yaml.value(node, "\(path).alarmAt", "1% to 100%") { text in
                guard text.hasSuffix("%"), let number = Int(text.dropLast()), (1...100).contains(number),
                    "\(number)%" == text
                else { return nil }
                return number
            }
        }
        if fields["perCaller"] == nil, fields["perScope"] == nil {
            self.yaml.note(node, path, "must have perCaller, perScope or both")
        }
    }

    private mutating func windows(_ node: Node, _ path: String) -> DisclosureRule.Windows {
        let fields = self.yaml.fields(node, path, ["hour", "day"])
        var windows = DisclosureRule.Windows()
        if let node = fields["hour"] { windows.hour = self.yaml.count(node, "\(path).hour", 1...10_000) }
        if let node = fields["day"] { windows.day = self.yaml.count(node, "\(path).day", 1...10_000) }
        if fields.isEmpty, case .mapping = node { self.yaml.note(node, path, "must have hour, day or both") }
        return windows
    }

    private mutating func hours(_ node: Node, _ path: String) -> AllowedHours? {
        let fields = self.yaml.fields(node, path, ["days", "from", "to", "timeZone"])
        guard let fromNode = fields["from"], let toNode = fields["to"], let zoneNode = fields["timeZone"] else {
            self.yaml.note(node, path, "must have from, to and timeZone")
            return nil
        }
        var days = Set(AllowedHours.Day.allCases)
        if let node = fields["days"] { days = self.days(node, "\(path).days") }
        let form = "a time of day such as \"07:00\", at most \"24:00\""
        let from = self.yaml.value(fromNode, "\(path).from", form) { AllowedHours.Minute($0) }
        let to = self.yaml.value(toNode, "\(path).to", form) { AllowedHours.Minute($0) }
        let zone = self.yaml.value(
            zoneNode,
            "\(path).timeZone",
            "the name of a time zone such as Europe/Berlin, or UTC"
        ) {
            AllowedHours.isTimeZone($0) ? $0 : nil
        }
        guard let from, let to, let zone else { return nil }
        guard let hours = AllowedHours(days: days, from: from, to: to, timeZone: zone) else {
            self.yaml.note(node, path, "are no time at all: from and to are the same, or from is the end of the day")
            return nil
        }
        return hours
    }

    /// `mon`, or `mon-fri`; `sat-mon` goes over the end of the week.
    private mutating func days(_ node: Node, _ path: String) -> Set<AllowedHours.Day> {
        let all = AllowedHours.Day.allCases
        var days: Set<AllowedHours.Day> = []
        for entry in self.yaml.entries(node, path) {
            let form = "a day or days such as mon or mon-fri: \(all.map(\.rawValue).joined(separator: ", "))"
            let found: [AllowedHours.Day]? = self.yaml.value(entry.node, entry.path, form) { text in
                let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { part in
                    all.firstIndex { $0.rawValue == part }
                }
                guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil else { return nil }
                return (0...(last - first + 7) % 7).map { all[(first + $0) % 7] }
            }
            days.formUnion(found ?? [])
        }
        return days
    }

    private mutating func networks(_ node: Node, _ path: String) -> [DisclosureRule.Network] {
        var networks: [DisclosureRule.Network] = []
        for entry in self.yaml.entries(node, path) {
            guard let text = self.yaml.text(entry.node, entry.path) else { continue }
            do throws(IPNetwork.Problem) {
                networks.append(text == "local" ? .local : .network(try IPNetwork(text)))
            } catch {
                let hint = error == .malformed ? ", or local for the server's own console" : ""
                self.yaml.note(entry.node, entry.path, error.description + hint)
            }
        }
        return networks
    }
}
