import BitLocker
package import EscrowModel
import EscrowPolicy
import EscrowStore

/// What somebody will be asked when they want a key, as far as it can be told beforehand: for a form, not for a decision.
package struct DisclosureTerms: Equatable, Sendable {
    /// The reasons that are accepted.
    package let reasons: [DisclosureReason.Code]
    /// Whether a ticket must be named.
    package let isTicketNeeded: Bool
    /// What a ticket must look like.
    package let ticketPattern: String?
    /// The roles of which somebody must approve first; empty when nobody must.
    package let approvers: [Role]
    /// Whether the sign-in is too long ago.
    package let mustSignInAgain: Bool
    /// Whether a rule keeps owners from the keys of their own devices, and the caller is one.
    package let isSelfServiceOff: Bool
    /// Whether a rule forbids it now, from here, or altogether, whatever the reason.
    package let isForbidden: Bool
    /// Until when a limit is reached.
    package let limitedUntil: Timestamp?
    /// How soon the key will be replaced after it was seen; nil when it will not be.
    package let replacedAfter: TimeSpan?
    /// The caller's own requests for this key that are open, the latest first.
    package let approvals: [Approval]
    /// The caller's latest request for this key, when it ended lately without a disclosure.
    package let ended: Approval?
}

extension EscrowService {
    /// Tells what the disclosure of a key would ask of a caller. Nothing is disclosed, counted or used up.
    package func disclosureTerms(
        of key: EscrowedKey,
        on device: Device,
        by caller: Caller
    ) async throws(EscrowError) -> DisclosureTerms {
        try await self.require(
            .revealKey,
            by: caller,
            on: .device(device.id, group: device.group, owner: device.facts.owner)
        )
        let rules = self.rules.current.rules
        let now = self.clock()
        let setting = self.settings.rotationDelayAfterDisclosure
        return try await self.snapshot { (reader) throws(StoreError) in
            var decisions: [(code: DisclosureReason.Code, decision: DisclosureDecision)] = []
            for code in DisclosureReason.Code.allCases {
                // A comment is what the reason "other" needs, and nothing else looks at it.
                guard let reason = try? DisclosureReason(code: code, ticket: nil, comment: "-") else { continue }
                let request = DisclosureRequest(caller: caller, group: device.group, reason: reason, now: now)
                let decision = try rules.evaluate(request) { (limit) throws(StoreError) in
                    try Self.usage(of: limit, by: caller, at: now, in: reader)
                }
                decisions.append((code, decision))
            }
            let approvals = try reader.openApprovals(of: caller.principal, for: key).filter { $0.isOpen(at: now) }
            let last = try reader.lastApproval(of: caller.principal, for: key)
            return DisclosureTerms(
                decisions,
                approvals: approvals,
                ended: last.flatMap { Self.ended($0, at: now) },
                setting: setting
            )
        }
    }
}

extension EscrowService {
    /// A request that was denied or expired within the last day, as it stands.
    private static func ended(_ approval: Approval, at now: Timestamp) -> Approval? {
        var approval = approval
        if approval.state.isOpen, !approval.isOpen(at: now) {
            approval.state = .expired
            approval.endedAt = approval.expiresAt
        }
        guard approval.state == .denied || approval.state == .expired else { return nil }
        return (approval.endedAt ?? approval.expiresAt) + .days(1) > now ? approval : nil
    }
}

extension DisclosureTerms {
    /// Takes together what the rules say of each reason.
    fileprivate init(
        _ decisions: [(code: DisclosureReason.Code, decision: DisclosureDecision)],
        approvals: [Approval],
        ended: Approval?,
        setting: TimeSpan?
    ) {
        var reasons: [DisclosureReason.Code] = []
        var isTicketNeeded = false
        var pattern: String?
        var mustSignInAgain = false
        var isForbidden = false
        var isSelfServiceOff = false
        var limitedUntil: Timestamp?
        for (code, decision) in decisions {
            let refusals = decision.findings.flatMap(\.refusals)
            if !refusals.contains(where: { if case .reasonNotAllowed = $0 { true } else { false } }) {
                reasons.append(code)
            }
            for refusal in refusals {
                switch refusal {
                case .notAllowed(.signInTooOld): mustSignInAgain = true
                case .notAllowed(let ground):
                    isForbidden = true
                    isSelfServiceOff = isSelfServiceOff || ground == .selfServiceOff
                case .ticketMissing(let wanted):
                    isTicketNeeded = true
                    pattern = wanted?.text ?? pattern
                case .limitReached(_, let until): limitedUntil = max(limitedUntil ?? until, until)
                case .reasonNotAllowed, .ticketMismatch, .approvalRequired: break
                }
            }
        }
        let approval = decisions.first?.decision.approval
        self.init(
            reasons: reasons,
            isTicketNeeded: isTicketNeeded,
            ticketPattern: pattern,
            approvers: Policy.approvers.filter { approval?.roles.contains($0) ?? false },
            mustSignInAgain: mustSignInAgain,
            isSelfServiceOff: isSelfServiceOff,
            isForbidden: isForbidden || reasons.isEmpty,
            limitedUntil: limitedUntil,
            replacedAfter: [setting, decisions.first?.decision.replaceAfter].compactMap { $0 }.min(),
            approvals: approvals,
            ended: ended
        )
    }
}
