package import BitLocker
package import EscrowModel
import EscrowPolicy
import EscrowStore

/// A request for approval as somebody sees it.
package struct ApprovalInView: Sendable {
    /// The request; one whose time is over is shown as expired before the sweep has come to it.
    package let approval: Approval
    /// The device's group.
    package let group: String
    /// The device's owner.
    package let owner: String?
    /// Whether who looks is who asked.
    package let isOwn: Bool
    /// Whether who looks can approve or deny it now.
    package let mayDecide: Bool
    /// The roles that could.
    package let deciders: [Role]
}

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

    /// One request: the caller's own, or one within their scope, with whether they can decide about it.
    package func approval(_ id: GUID, by caller: Caller) async throws(EscrowError) -> ApprovalInView {
        let found = try await self.snapshot { (reader) throws(StoreError) -> (Approval, Device)? in
            guard let approval = try reader.approval(id), let device = try reader.device(approval.device) else {
                return nil
            }
            return (approval, device)
        }
        guard let (approval, device) = found else { throw .notFound }
        if approval.requester.principal == caller.principal {
            try await self.require(.listOwnApprovals, by: caller, on: .scope)
        } else {
            try await self.require(
                .listApprovals,
                by: caller,
                on: .device(device.id, group: device.group, owner: device.facts.owner)
            )
        }
        return self.view(approval, of: device, by: caller)
    }

    /// Requests that wait for an answer that the caller could give, the newest first. A page may hold fewer than there is
    /// room for: those that others must answer are left out.
    package func approvalsToDecide(_ page: PageRequest, by caller: Caller) async throws(EscrowError) -> Page<
        ApprovalInView
    > {
        try await self.require(.decideApproval, by: caller, on: .scope)
        let all = try await self.views(page, by: caller) {
            $0.state = .requested
            $0.scope = caller.scope
        }
        return Page(items: all.items.filter(\.mayDecide), next: all.next)
    }

    /// What the caller asked for, whatever became of it, the newest first.
    package func ownApprovals(_ page: PageRequest, by caller: Caller) async throws(EscrowError) -> Page<ApprovalInView>
    {
        try await self.require(.listOwnApprovals, by: caller, on: .scope)
        return try await self.views(page, by: caller) { $0.requester = caller.principal }
    }

    /// Every request within the caller's scope, in one state if one is named, the newest first.
    package func approvalsInView(
        in state: Approval.State?,
        _ page: PageRequest,
        by caller: Caller
    ) async throws(EscrowError) -> Page<ApprovalInView> {
        try await self.require(.listApprovals, by: caller, on: .scope)
        return try await self.views(page, by: caller) {
            $0.state = state
            $0.scope = caller.scope
        }
    }

    private func views(
        _ page: PageRequest,
        by caller: Caller,
        _ choose: (inout ApprovalFilter) -> Void
    ) async throws(EscrowError) -> Page<ApprovalInView> {
        var filter = ApprovalFilter()
        choose(&filter)
        return try await self.snapshot { [filter] (reader) throws(StoreError) in
            let found = try reader.approvals(filter, page)
            var views: [ApprovalInView] = []
            for approval in found.items {
                guard let device = try reader.device(approval.device) else { continue }
                views.append(self.view(approval, of: device, by: caller))
            }
            return Page(items: views, next: found.next)
        }
    }

    /// Never about one's own request, and only with a role that every rule names.
    private func view(_ approval: Approval, of device: Device, by caller: Caller) -> ApprovalInView {
        let now = self.clock()
        var shown = approval
        if shown.state.isOpen, !shown.isOpen(at: now) { shown.state = .expired }
        let isOwn = approval.requester.principal == caller.principal
        let roles = self.rules.current.rules.approval(for: approval.requester, group: device.group)?.roles ?? []
        let isAllowed = self.permit(.decideApproval, by: caller, on: device, at: now) != nil
        return ApprovalInView(
            approval: shown,
            group: device.group,
            owner: device.facts.owner,
            isOwn: isOwn,
            mayDecide: !isOwn && isAllowed && roles.contains(caller.role) && shown.state.isOpen,
            deciders: Policy.approvers.filter(roles.contains)
        )
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
