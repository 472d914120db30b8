package import EscrowModel

/// The conditions of disclosures: all rules that a disclosure is about hold together, and the strictest wins.
package struct DisclosureRules: Equatable, Sendable {
    /// The rules, in the order of the file, which matters to readers only.
    package let rules: [DisclosureRule]

    /// Takes the rules.
    package init(_ rules: [DisclosureRule]) { self.rules = rules }

    /// Decides about a disclosure that the role matrix allows.
    ///
    /// - Parameter usage: how much of a limit is used; asked for limits of rules that are about this disclosure only.
    package func evaluate<Failure: Error>(
        _ request: DisclosureRequest,
        usage: (DisclosureLimit) throws(Failure) -> LimitUsage
    ) throws(Failure) -> DisclosureDecision {
        var findings: [RuleFinding] = []
        var limits: [(limit: DisclosureLimit, usage: LimitUsage)] = []
        var delays: [TimeSpan] = []
        for rule in self.rules {
            guard rule.scope.includes(request) else {
                findings.append(RuleFinding(rule: rule.name, isInScope: false, refusals: []))
                continue
            }
            var refusals = rule.refusals(of: request)
            for limit in rule.limits {
                let used = try usage(limit)
                limits.append((limit, used))
                guard used.count >= limit.maximum else { continue }
                refusals.append(.limitReached(limit, until: used.freeAt ?? request.now + limit.window.span))
            }
            if case .after(let delay) = rule.replacement { delays.append(delay) }
            findings.append(RuleFinding(rule: rule.name, isInScope: true, refusals: refusals))
        }
        let inScope = self.rules.filter { $0.scope.includes(request) }
        return DisclosureDecision(
            refused: Self.strictest(findings),
            findings: findings,
            approval: ApprovalRequirement.strictest(inScope.compactMap(\.approval)),
            limits: limits,
            replaceAfter: delays.min()
        )
    }

    /// What approval somebody's disclosures need on devices of a group; nil when none.
    package func approval(for party: Approval.Party, group: String) -> ApprovalRequirement? {
        ApprovalRequirement.strictest(
            self.rules.filter { $0.scope.includes(party, group: group) }.compactMap(\.approval)
        )
    }

    private static func strictest(_ findings: [RuleFinding]) -> DisclosureDecision.Refused? {
        let refusing = findings.filter { !$0.refusals.isEmpty }.sorted { $0.rule < $1.rule }
        let all = refusing.flatMap(\.refusals)
        guard let rank = all.map(\.rank).min() else { return nil }
        let strictest = all.filter { $0.rank == rank }
        guard let first = strictest.first else { return nil }
        return DisclosureDecision.Refused(
            refusal: strictest.dropFirst().reduce(first) { Self.together($0, $1) },
            rules: refusing.map(\.rule)
        )
    }

    /// Two refusals of one rank as one that the caller can answer at once. Which comes first must not matter but for what is
    /// only told.
    private static func together(_ one: DisclosureRefusal, _ other: DisclosureRefusal) -> DisclosureRefusal {
        switch (one, other) {
        case (.reasonNotAllowed(let allowed), .reasonNotAllowed(let others)):
            .reasonNotAllowed(allowed: allowed.intersection(others))
        case (.limitReached(_, let until), .limitReached(_, let later)): until < later ? other : one
        case (.approvalRequired(let requirement), .approvalRequired(let next)):
            .approvalRequired(ApprovalRequirement.strictest([requirement, next]) ?? requirement)
        case (.ticketMissing(nil), .ticketMissing(.some)): other
        default: one
        }
    }
}
