import EscrowModel

/// What is worth a second look in a policy file that can be used: what can never matter, and what can never be met.
package struct PolicyReview: Sendable {
    /// What was noticed, in words.
    package private(set) var warnings: [String] = []

    /// Looks at a policy.
    package init(_ policy: PolicyDocument) {
        self.reviewGroups(policy.groups)
        for rule in policy.rules.rules { self.review(rule) }
        self.reviewTogether(policy.rules.rules)
    }

    private mutating func reviewGroups(_ groups: [GroupRule]) {
        for (index, group) in groups.enumerated() {
            guard let earlier = groups[..<index].firstIndex(where: { $0.covers(group) }) else { continue }
            self.warnings.append(
                "groups[\(index)] (\(group.group)) can never match: every device that fits it fits groups[\(earlier)] "
                    + "(\(groups[earlier].group)) first"
            )
        }
    }

    private mutating func review(_ rule: DisclosureRule) {
        if let roles = rule.scope.roles {
            let idle = roles.filter { !Policy.actions(of: $0).contains(.revealKey) }
            if idle == roles {
                self.warnings.append("rule \(rule.name) can never match: none of its roles may disclose keys")
            } else if !idle.isEmpty {
                let names = idle.map(\.rawValue).sorted().joined(separator: ", ")
                self.warnings.append("rule \(rule.name) names roles that never disclose keys: \(names)")
            }
            if !rule.isSelfServiceAllowed, !roles.contains(.owner) {
                self.warnings.append("rule \(rule.name): selfService is about owners, whom its roles leave out")
            }
        }
        for (name, windows) in [("perCaller", rule.perCaller), ("perScope", rule.perScope)] {
            if let hour = windows.hour, let day = windows.day, hour >= day {
                self.warnings.append("rule \(rule.name): limits.\(name).hour never matters, as day is not more")
            }
        }
        if let caller = rule.perCaller.day, let scope = rule.perScope.day, caller > scope {
            self.warnings.append("rule \(rule.name): limits.perCaller.day never matters, as perScope.day is less")
        }
        if let caller = rule.perCaller.hour, let scope = rule.perScope.hour, caller > scope {
            self.warnings.append("rule \(rule.name): limits.perCaller.hour never matters, as perScope.hour is less")
        }
        if rule.reauthentication != nil {
            self.warnings.append(
                "rule \(rule.name): reauthentication refuses every holder of an API token, and the server's console"
            )
        }
        if rule.replacement == .never {
            self.warnings.append(
                "rule \(rule.name): rotateAfterDisclosure: never changes nothing, as a rule cannot take back what another "
                    + "rule or the server's setting asks for"
            )
        }
    }

    private mutating func reviewTogether(_ rules: [DisclosureRule]) {
        for (index, rule) in rules.enumerated() {
            for other in rules[(index + 1)...] where Self.mayMeet(rule.scope, other.scope) {
                if let reasons = rule.reasons, let others = other.reasons, reasons.isDisjoint(with: others) {
                    self.warnings.append("rules \(rule.name) and \(other.name) together accept no reason at all")
                }
                if let approval = rule.approval, let another = other.approval,
                    approval.roles.isDisjoint(with: another.roles)
                {
                    self.warnings.append("rules \(rule.name) and \(other.name) together can be approved by nobody")
                }
            }
        }
    }

    /// Whether a disclosure can be within two scopes. Callers' names are not compared.
    private static func mayMeet(_ one: DisclosureRule.Scope, _ other: DisclosureRule.Scope) -> Bool {
        if let groups = one.groups, let others = other.groups, groups.isDisjoint(with: others) { return false }
        if let roles = one.roles, let others = other.roles, roles.isDisjoint(with: others) { return false }
        return true
    }
}
