import BitLocker
import EscrowModel
import EscrowPolicy
import EscrowStore

/// What an operation was allowed to do: who may do what, under which rule, and when. Its events are made here, so that
/// each record has the rule that allowed it.
struct Permit: Sendable {
    let action: Action
    let caller: Caller
    let rule: Rule
    let now: Timestamp

    /// An event of the operation.
    func event(
        _ kind: AuditEvent.Kind,
        _ outcome: AuditEvent.Outcome = .success,
        device: Device? = nil,
        volume: GUID? = nil,
        protector: GUID? = nil,
        rotation: GUID? = nil,
        token: GUID? = nil,
        reason: DisclosureReason? = nil,
        detail: String? = nil
    ) -> AuditEvent {
        AuditEvent(
            kind,
            outcome,
            by: self.caller,
            action: self.action,
            rule: self.rule.rawValue,
            device: device?.id,
            deviceName: device?.facts.name,
            volume: volume,
            protector: protector,
            rotation: rotation,
            token: token,
            reason: reason,
            detail: detail
        )
    }
}

extension EscrowService {
    /// Asks whether a caller may do something with a device; nil for no, and then ``refusal(of:by:on:)`` has the answer.
    func permit(_ action: Action, by caller: Caller, on device: Device, at now: Timestamp) -> Permit? {
        self.permit(action, by: caller, on: Self.subject(device), at: now)
    }

    /// The refusal of what a caller may not do with a device, with its record.
    func refusal<Value>(of action: Action, by caller: Caller, on device: Device) -> Outcome<Value> {
        self.refusal(of: action, by: caller, on: Self.subject(device), device: device)
    }

    /// Asks about something that is not one device, and records a denial.
    @discardableResult
    func require(
        _ action: Action,
        by caller: Caller,
        on subject: Policy.Subject
    ) async throws(EscrowError) -> Permit {
        if let permit = self.permit(action, by: caller, on: subject, at: self.clock()) { return permit }
        return try await self.operation { (_) throws(StoreError) -> Outcome<Permit> in
            self.refusal(of: action, by: caller, on: subject)
        }
    }

    private func permit(
        _ action: Action,
        by caller: Caller,
        on subject: Policy.Subject,
        at now: Timestamp
    ) -> Permit? {
        guard case .allowed(let rule) = self.policy.decide(action, by: caller, on: subject, at: now) else { return nil }
        return Permit(action: action, caller: caller, rule: rule, now: now)
    }

    private func refusal<Value>(
        of action: Action,
        by caller: Caller,
        on subject: Policy.Subject,
        device: Device? = nil
    ) -> Outcome<Value> {
        let decision = self.policy.decide(action, by: caller, on: subject, at: self.clock())
        let event = AuditEvent(
            .accessDenied,
            .denied,
            by: caller,
            action: action,
            rule: decision.rule.rawValue,
            device: device?.id,
            deviceName: device?.facts.name
        )
        guard case .denied(_, mayKnow: true) = decision else { return .refused(.notFound, [event]) }
        return .refused(decision.rule == .signInTooOld ? .signInTooOld : .denied, [event])
    }

    private static func subject(_ device: Device) -> Policy.Subject {
        .device(device.id, group: device.group, owner: device.facts.owner)
    }
}
