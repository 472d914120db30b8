import BitLocker
import EscrowModel
import EscrowPolicy
import EscrowStore

/// That the disclosure rules allow a disclosure, and what it takes with it.
struct Clearance: Sendable {
    /// The policy file that decided.
    let policy: PolicyDocument
    /// What it said.
    let decision: DisclosureDecision
    /// The approval that is used up.
    let approval: Approval?
    /// Whether one was needed and did without, in an emergency.
    let isApprovalWaived: Bool

    /// After which time the disclosed key must be replaced: the soonest that the server or a rule asks for.
    func replacementDelay(_ setting: TimeSpan?) -> TimeSpan? {
        [setting, self.decision.replaceAfter].compactMap { $0 }.min()
    }
}

/// A refusal with its record.
struct RuleRefusal: Error {
    let error: EscrowError
    let events: [AuditEvent]
}

extension EscrowService {
    /// Asks the disclosure rules, in the transaction in which the disclosure is recorded and counted: of two requests at the
    /// same moment, the second sees the first.
    func clear(
        _ key: EscrowedKey,
        of device: Device,
        for reason: DisclosureReason,
        in transaction: Transaction,
        _ permit: Permit
    ) throws(StoreError) -> Result<Clearance, RuleRefusal> {
        let policy = self.rules.current
        let open = try transaction.openApprovals(of: permit.caller.principal, for: key)
            .filter { $0.reason == reason && $0.isOpen(at: permit.now) }
        let approval = open.first { $0.state == .approved }
        var request = DisclosureRequest(caller: permit.caller, group: device.group, reason: reason, now: permit.now)
        request.approval = approval.flatMap { Self.given($0) }
        // In an emergency there may be no second person. Everything else holds, and the record says so.
        request.isApprovalWaived = permit.caller.isBreakGlass
        let decision = try policy.rules.evaluate(request) { (limit) throws(StoreError) in
            try Self.usage(of: limit, by: permit.caller, at: permit.now, in: transaction)
        }
        if let refused = decision.refused {
            return .failure(self.refusal(refused, by: permit, on: device, policy, waiting: open.first))
        }
        let isWaived = decision.approval != nil && request.isApprovalWaived
        return .success(
            Clearance(
                policy: policy,
                decision: decision,
                approval: decision.approval == nil || isWaived ? nil : approval,
                isApprovalWaived: isWaived
            )
        )
    }

    /// Uses up the approval, counts the disclosure, and says what is to be recorded beside it.
    func take(
        _ clearance: Clearance,
        on device: Device,
        in transaction: Transaction,
        _ permit: Permit
    ) throws(StoreError) -> [AuditEvent] {
        if var approval = clearance.approval {
            approval.state = .used
            approval.endedAt = permit.now
            try transaction.update(approval)
        }
        let principal = permit.caller.principal
        for rule in Set(clearance.decision.limits.map(\.limit.rule)) {
            try transaction.countDisclosure(under: rule, by: principal, at: permit.now)
        }
        var events: [AuditEvent] = []
        for (limit, usage) in clearance.decision.limits where limit.isNear(usage.count + 1) {
            let isNew = try transaction.tellOnce(
                limit.rule,
                by: limit.subject == .caller ? principal : "",
                span: limit.window.rawValue,
                since: permit.now - limit.window.span,
                at: permit.now
            )
            guard isNew else { continue }
            var event = permit.event(
                .disclosureLimitNear,
                device: device,
                detail: "\(limit.subject) \(limit.window) \(usage.count + 1) of \(limit.maximum)"
            )
            event.rule = Self.ruleWord([limit.rule])
            event.policy = clearance.policy.digest
            events.append(event)
        }
        return events
    }

    /// How much of a limit is used, by the disclosures that are counted.
    static func usage(
        of limit: DisclosureLimit,
        by caller: Caller,
        at now: Timestamp,
        in reader: Reader
    ) throws(StoreError) -> LimitUsage {
        let principal = limit.subject == .caller ? caller.principal : nil
        let count = try reader.disclosures(
            under: limit.rule,
            by: principal,
            since: now - limit.window.span,
            limit: limit.maximum
        )
        guard count >= limit.maximum else { return LimitUsage(count: count) }
        let first = try reader.disclosure(under: limit.rule, by: principal, fromLast: limit.maximum - 1)
        return LimitUsage(count: count, freeAt: first.map { $0 + limit.window.span })
    }

    /// An approval as the rules see it.
    static func given(_ approval: Approval) -> GivenApproval? {
        guard approval.state == .approved, let decider = approval.decider, let at = approval.decidedAt else {
            return nil
        }
        return GivenApproval(role: decider.role, at: at)
    }

    /// How records name rules of the policy file.
    static func ruleWord(_ rules: [String]) -> String { "disclosure:" + rules.joined(separator: ", ") }

    /// What a refusal by the rules means to the caller: what they can mend they are told, and nothing else.
    func refusal(
        _ refused: DisclosureDecision.Refused,
        by permit: Permit,
        on device: Device,
        _ policy: PolicyDocument,
        waiting: Approval? = nil
    ) -> RuleRefusal {
        var event = permit.event(.accessDenied, .denied, device: device, detail: refused.refusal.word)
        event.rule = Self.ruleWord(refused.rules)
        event.policy = policy.digest
        if case .notAllowed(let ground) = refused.refusal { event.detail = ground.rawValue }
        return RuleRefusal(
            error: Self.error(for: refused.refusal, to: permit.caller, at: permit.now, waiting: waiting),
            events: [event]
        )
    }

    private static func error(
        for refusal: DisclosureRefusal,
        to caller: Caller,
        at now: Timestamp,
        waiting: Approval?
    ) -> EscrowError {
        switch refusal {
        // Whoever never signs in has nothing to do again.
        case .notAllowed(.signInTooOld): return caller.authentication == nil ? .denied : .signInTooOld
        case .notAllowed: return .denied
        case .reasonNotAllowed(let allowed):
            guard !allowed.isEmpty else { return .denied }
            let words = DisclosureReason.Code.allCases.filter(allowed.contains).map(\.rawValue).joined(separator: ", ")
            return .invalid(field: "reason", problem: "must be one of \(words) for this device")
        case .ticketMissing(let pattern):
            let form = pattern.map { ", and must fit \($0.text)" } ?? ""
            return .invalid(field: "ticket", problem: "is needed for this device\(form)")
        case .ticketMismatch(let pattern):
            return .invalid(field: "ticket", problem: "must fit \(pattern.text) for this device")
        case .limitReached(_, let until):
            let milliseconds = max(until.milliseconds - now.milliseconds, 0)
            return .limitReached(retryAfterSeconds: Int((milliseconds + 999) / 1000))
        case .approvalRequired(let requirement):
            let roles = Policy.approvers.filter(requirement.roles.contains).map(\.rawValue)
            guard !roles.isEmpty else { return .denied }
            let next =
                waiting.map { "The request \($0.id) waits for an answer." }
                ?? "Ask for it with POST /api/approvals or `sparekey approval request`."
            return .conflict(
                code: "approvalRequired",
                problem:
                    "Somebody else, with the role \(roles.joined(separator: " or ")), must approve this disclosure first. "
                    + next + " Then ask again with the same key, reason, ticket and comment."
            )
        }
    }
}
