import EscrowModel
import EscrowPolicy

/// Groups and rules of the policy file in words.
struct RuleWords {
    private let visit: Visit

    init(_ visit: Visit) { self.visit = visit }

    /// When a group's rule holds, one line a fact.
    func conditions(of rule: GroupRule) -> [String] {
        GroupRule.Fact.allCases.compactMap { fact in
            rule.conditions[fact].map { globs in
                let name = "fact" + fact.rawValue.capitalizedFirst
                return self.fill("ruleFact", ["fact": self.text(name), "values": self.list(globs.map(\.text))])
            }
        }
    }

    /// Whom a rule is about.
    func scope(of rule: DisclosureRule) -> String {
        var parts: [String] = []
        if let groups = rule.scope.groups {
            parts.append(self.fill("ruleGroups", ["values": self.list(groups.sorted())]))
        }
        if let roles = rule.scope.roles {
            let names = Role.allCases.filter(roles.contains).map { self.text($0.message) }
            parts.append(self.fill("ruleRoles", ["values": self.list(names)]))
        }
        if let callers = rule.scope.callers {
            parts.append(self.fill("ruleCallers", ["values": self.list(callers.map(\.text))]))
        }
        return parts.isEmpty ? self.text("ruleEverything") : parts.joined(separator: " · ")
    }

    /// What a rule asks for, one line a condition.
    func wants(of rule: DisclosureRule) -> [String] {
        var lines: [String] = []
        if let reasons = rule.reasons {
            let names = DisclosureReason.Code.allCases.filter(reasons.contains).map(self.reason)
            lines.append(self.fill("wantsReasons", ["values": self.list(names)]))
        }
        if let ticket = rule.ticket {
            lines.append(self.text(ticket.isRequired ? "wantsTicket" : "wantsTicketIfAny"))
            if let pattern = ticket.pattern { lines.append(self.fill("wantsPattern", ["values": pattern.text])) }
        }
        if let approval = rule.approval {
            let roles = Policy.approvers.filter(approval.roles.contains).map { self.text($0.message) }
            lines.append(
                self.fill("wantsApproval", ["values": self.list(roles), "span": self.span(approval.expires)])
            )
        }
        for limit in rule.limits { lines.append(self.limit(limit)) }
        if let share = rule.alarmPercentage { lines.append(self.fill("wantsAlarm", ["n": "\(share)"])) }
        if let hours = rule.hours { lines.append(self.hours(hours)) }
        if let networks = rule.networks {
            let names = networks.map { network in
                switch network {
                case .local: self.text("serverConsole")
                case .network(let network): "\(network)"
                }
            }
            lines.append(self.fill("wantsNetworks", ["values": self.list(names)]))
        }
        if let age = rule.reauthentication { lines.append(self.fill("wantsFresh", ["span": self.span(age)])) }
        if !rule.isSelfServiceAllowed { lines.append(self.text("wantsNoSelfService")) }
        switch rule.replacement {
        case .after(let delay): lines.append(self.fill("wantsReplacement", ["span": self.span(delay)]))
        case .never: lines.append(self.text("wantsNoReplacement"))
        case nil: break
        }
        return lines
    }

    /// What a rule has against a disclosure.
    func refusal(_ refusal: DisclosureRefusal) -> String {
        switch refusal {
        case .notAllowed(let ground):
            return self.text("refused" + ground.rawValue.capitalizedFirst)
        case .reasonNotAllowed(let allowed):
            let names = DisclosureReason.Code.allCases.filter(allowed.contains).map(self.reason)
            return self.fill("wantsReasons", ["values": self.list(names)])
        case .ticketMissing: return self.text("wantsTicket")
        case .ticketMismatch(let pattern): return self.fill("wantsPattern", ["values": pattern.text])
        case .limitReached(let limit, let until):
            return self.limit(limit) + " " + self.fill("limitUntil", ["time": self.visit.formats.moment(until)])
        case .approvalRequired(let approval):
            let roles = Policy.approvers.filter(approval.roles.contains).map { self.text($0.message) }
            return self.fill("wantsApproval", ["values": self.list(roles), "span": self.span(approval.expires)])
        }
    }

    /// A reason in words.
    func reason(_ code: DisclosureReason.Code) -> String {
        self.text("reasonCode" + code.rawValue.capitalizedFirst)
    }

    func limit(_ limit: DisclosureLimit) -> String {
        let key =
            switch (limit.subject, limit.window) {
            case (.caller, .hour): "limitCallerHour"
            case (.caller, .day): "limitCallerDay"
            case (.scope, .hour): "limitScopeHour"
            case (.scope, .day): "limitScopeDay"
            }
        return self.fill(key, ["n": self.visit.number(limit.maximum)])
    }

    private func hours(_ hours: AllowedHours) -> String {
        let names = self.text("weekdays").split(separator: " ").map(String.init)
        let days = AllowedHours.Day.allCases.enumerated().filter { hours.days.contains($0.element) }
        let shown =
            days.count == 7 ? self.text("everyDay") : self.list(days.map { names[min($0.offset, names.count - 1)] })
        func clock(_ minute: AllowedHours.Minute) -> String {
            let (hour, rest) = minute.ofDay.quotientAndRemainder(dividingBy: 60)
            return "\(hour < 10 ? "0" : "")\(hour):\(rest < 10 ? "0" : "")\(rest)"
        }
        return self.fill(
            "wantsHours",
            ["days": shown, "from": clock(hours.from), "to": clock(hours.to), "zone": hours.timeZone]
        )
    }

    private func list(_ items: [String]) -> String {
        items.isEmpty ? self.text("nobody") : items.joined(separator: ", ")
    }

    private func span(_ span: TimeSpan) -> String { self.visit.formats.duration(span) }

    private func text(_ key: String) -> String { self.visit.text(key) }

    private func fill(_ key: String, _ values: KeyValuePairs<String, String>) -> String {
        self.text(key).filled(values)
    }
}
