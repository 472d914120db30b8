package import BitLocker
package import EscrowModel
import EscrowPolicy
import EscrowStore

extension EscrowService {
    /// How many approvals one requester can have open: more would be noise to whoever has to answer them.
    private static let mostOpenApprovals = 50

    /// Asks for somebody's approval of a disclosure. The same request again is answered with the one that is open.
    ///
    /// - Parameters:
    ///   - key: the key protector ID; nil for the current key of the volume.
    ///   - volume: which volume; needed only when no key is named and several volumes of the device have keys.
    ///   - reason: why.
    package func requestApproval(
        _ device: GUID,
        key: GUID?,
        volume: GUID?,
        reason: DisclosureReason,
        by caller: Caller
    ) async throws(EscrowError) -> Approval {
        let now = self.clock()
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Approval> in
            guard let device = try transaction.device(device) else { return .refused(.notFound) }
            guard let permit = self.permit(.requestApproval, by: caller, on: device, at: now) else {
                return self.refusal(of: .requestApproval, by: caller, on: device)
            }
            let chosen: EscrowedKey
            switch try self.choose(key, on: volume, of: device, in: transaction) {
            case .success(let key): chosen = key
            case .failure(let error): return .refused(error)
            }
            guard try transaction.sealed(chosen) != nil else { return .refused(.purged) }
            let requirement: ApprovalRequirement
            switch self.requirement(for: reason, on: device, permit) {
            case .success(let found): requirement = found
            case .failure(let refusal): return .refused(refusal.error, refusal.events)
            }
            let open = try transaction.openApprovals(of: caller.principal, for: chosen)
            if let same = open.first(where: { $0.reason == reason && $0.isOpen(at: now) }) { return .done(same, []) }
            let most = Self.mostOpenApprovals
            guard try transaction.openApprovalCount(of: caller.principal, limit: most) < most else {
                return .refused(
                    .conflict(code: "tooManyApprovals", problem: "You have \(most) requests open; cancel some first.")
                )
            }
            var generator = SystemRandomNumberGenerator()
            let approval = Approval(
                id: .random(using: &generator),
                requester: Approval.Party(caller),
                key: chosen.row,
                protector: chosen.protectorID,
                device: device.id,
                deviceName: device.facts.name,
                reason: reason,
                requestedAt: now,
                expiresAt: now + requirement.expires
            )
            try transaction.insert(approval)
            return .done(approval, [self.event(.approvalRequested, approval, permit, reason: reason)])
        }
    }

    /// What must be met before a disclosure; a refusal when nobody could approve it, or nobody needs to.
    private func requirement(
        for reason: DisclosureReason,
        on device: Device,
        _ permit: Permit
    ) -> Result<ApprovalRequirement, RuleRefusal> {
        let policy = self.rules.current
        let request = DisclosureRequest(caller: permit.caller, group: device.group, reason: reason, now: permit.now)
        // Limits count when the disclosure is made.
        let decision = policy.rules.evaluate(request) { _ in LimitUsage.none }
        guard let refused = decision.refused else {
            let problem = "This disclosure needs no approval: ask for the key."
            return .failure(RuleRefusal(error: .conflict(code: "approvalNotNeeded", problem: problem), events: []))
        }
        guard case .approvalRequired(let requirement) = refused.refusal, !requirement.roles.isEmpty else {
            return .failure(self.refusal(refused, by: permit, on: device, policy))
        }
        return .success(requirement)
    }

    /// Approves a request, or denies it; an approval can also be taken back by a denial until it is used. Who asked for it
    /// cannot decide about it. A second click changes nothing.
    package func decide(_ id: GUID, approve: Bool, by caller: Caller) async throws(EscrowError) -> Approval {
        let now = self.clock()
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Approval> in
            guard var approval = try transaction.approval(id), let device = try transaction.device(approval.device)
            else { return .refused(.notFound) }
            guard let permit = self.permit(.decideApproval, by: caller, on: device, at: now) else {
                return self.refusal(of: .decideApproval, by: caller, on: device)
            }
            guard approval.requester.principal != caller.principal else {
                let error = EscrowError.conflict(
                    code: "ownApproval",
                    problem: "You asked for it yourself: somebody else must decide."
                )
                return .refused(error, [self.denial(approval, permit, "ownApproval")])
            }
            let policy = self.rules.current
            let requirement = policy.rules.approval(for: approval.requester, group: device.group)
            guard let requirement, requirement.roles.contains(caller.role) else {
                return .refused(.denied, [self.denial(approval, permit, "approverRole")])
            }
            if approval.decider?.principal == caller.principal, approval.state == (approve ? .approved : .denied) {
                return .done(approval, [])
            }
            guard approval.isOpen(at: now), approval.state == .requested || !approve else {
                return .refused(Self.isOver(approval, at: now))
            }
            approval.decider = Approval.Party(caller)
            approval.decidedAt = now
            approval.state = approve ? .approved : .denied
            if approve { approval.expiresAt = now + requirement.expires } else { approval.endedAt = now }
            try transaction.update(approval)
            let kind = approve ? AuditEvent.Kind.approvalApproved : .approvalDenied
            return .done(approval, [self.event(kind, approval, permit)])
        }
    }

    /// Takes a request back; only who made it can.
    package func cancelApproval(_ id: GUID, by caller: Caller) async throws(EscrowError) -> Approval {
        let now = self.clock()
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Approval> in
            guard var approval = try transaction.approval(id), let device = try transaction.device(approval.device)
            else { return .refused(.notFound) }
            guard let permit = self.permit(.requestApproval, by: caller, on: device, at: now) else {
                return self.refusal(of: .requestApproval, by: caller, on: device)
            }
            guard approval.requester.principal == caller.principal else {
                return .refused(.denied, [self.denial(approval, permit, "othersApproval")])
            }
            guard approval.state != .cancelled else { return .done(approval, []) }
            guard approval.isOpen(at: now) else { return .refused(Self.isOver(approval, at: now)) }
            approval.state = .cancelled
            approval.endedAt = now
            try transaction.update(approval)
            return .done(approval, [self.event(.approvalCancelled, approval, permit)])
        }
    }

    /// Approvals within the caller's scope, the newest first; those in one state if one is named.
    package func approvals(
        in state: Approval.State?,
        _ page: PageRequest,
        by caller: Caller
    ) async throws(EscrowError) -> Page<Approval> {
        try await self.require(.listApprovals, by: caller, on: .scope)
        return try await self.snapshot { (reader) throws(StoreError) in
            var filter = ApprovalFilter()
            filter.state = state
            filter.scope = caller.scope
            return try reader.approvals(filter, page)
        }
    }

    /// Ends requests that nobody answered and approvals that nobody used, and forgets disclosures that no limit counts any
    /// more; a batch at a time. Returns how many approvals ended.
    @discardableResult
    package func expireApprovals(batch: Int = 200) async throws(EscrowError) -> Int {
        var total = 0
        while true {
            let permit = Permit(
                action: .enforceDeadlines,
                caller: .system("maintenance"),
                rule: .system,
                now: self.clock()
            )
            let (expired, forgotten) = try await self.operation {
                (transaction) throws(StoreError) -> Outcome<(Int, Int)> in
                var events: [AuditEvent] = []
                for var approval in try transaction.expiredApprovals(permit.now, limit: batch) {
                    approval.state = .expired
                    approval.endedAt = permit.now
                    try transaction.update(approval)
                    events.append(self.event(.approvalExpired, approval, permit))
                }
                let forgotten = try transaction.forgetDisclosures(before: permit.now - .days(1), limit: batch)
                return .done((events.count, forgotten), events)
            }
            total += expired
            guard max(expired, forgotten) >= batch else { return total }
        }
    }

    private func event(
        _ kind: AuditEvent.Kind,
        _ approval: Approval,
        _ permit: Permit,
        reason: DisclosureReason? = nil
    ) -> AuditEvent {
        var event = permit.event(kind, protector: approval.protector, reason: reason)
        event.device = approval.device
        event.deviceName = approval.deviceName
        event.approval = .of(approval.id)
        event.policy = self.rules.current.recordedDigest
        return event
    }

    private func denial(_ approval: Approval, _ permit: Permit, _ word: String) -> AuditEvent {
        var event = self.event(.accessDenied, approval, permit)
        event.outcome = .denied
        event.rule = word
        return event
    }

    private static func isOver(_ approval: Approval, at now: Timestamp) -> EscrowError {
        let state = approval.state.isOpen && !approval.isOpen(at: now) ? Approval.State.expired : approval.state
        return .conflict(code: "approvalEnded", problem: "The request is \"\(state.rawValue)\" already.")
    }
}
