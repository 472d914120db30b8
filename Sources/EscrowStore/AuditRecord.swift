import AuditLog
import BitLocker
import EscrowModel

/// An event as the log keeps it: its record, and beside it what the log is filtered by.
struct AuditRecord {
    let kind: String
    let json: CanonicalJSON.Object
    /// Who did it; nil for what a device did to itself, which most entries are: its index entry would be the
    /// device's again.
    let principal: String?
    /// The caller's name for people; nil for a device, whose name is in its principal.
    let name: String?
    let device: GUID?
    let source: String
    let outcome: AuditEvent.Outcome

    /// Takes up an event. Members that have no value are left out.
    init(_ event: AuditEvent) {
        self.kind = event.kind.rawValue
        if case .device(let id) = event.caller.identity {
            self.principal = id == event.device ? nil : event.caller.principal
            self.name = nil
        } else {
            self.principal = event.caller.principal
            self.name = event.caller.displayName
        }
        self.device = event.device
        self.source = event.caller.source.address
        self.outcome = event.outcome
        var json: CanonicalJSON.Object = [
            "kind": .string(event.kind.rawValue),
            "outcome": .string(event.outcome.rawValue),
            "caller": .object([
                "principal": .string(event.caller.principal),
                "name": .string(event.caller.displayName),
                "role": .string(event.caller.role.rawValue),
                "scope": event.caller.scope.json,
            ]),
        ]
        var source: CanonicalJSON.Object = ["address": .string(event.caller.source.address)]
        source["agent"] = event.caller.source.agent.map { .string($0) }
        source["requestId"] = event.caller.source.requestID.map { .string($0) }
        json["source"] = .object(source)
        json["action"] = event.action.map { .string($0.rawValue) }
        json["rule"] = event.rule.map { .string($0) }
        json["device"] = event.device.map { .string($0.description) }
        json["deviceName"] = event.deviceName.map { .string($0) }
        json["volume"] = event.volume.map { .string($0.description) }
        json["protector"] = event.protector.map { .string($0.description) }
        json["rotation"] = event.rotation.map { .string($0.description) }
        json["token"] = event.token.map { .string($0.description) }
        json["approval"] = event.approval.map { .string($0.text) }
        json["policy"] = event.policy.map { .string($0) }
        json["reason"] = event.reason.map { .object(Self.json(of: $0)) }
        json["detail"] = event.detail.map { .string($0) }
        self.json = json
    }

    private static func json(of reason: DisclosureReason) -> CanonicalJSON.Object {
        var json: CanonicalJSON.Object = ["code": .string(reason.code.rawValue)]
        json["ticket"] = reason.ticket.map { .string($0) }
        json["comment"] = reason.comment.map { .string($0) }
        return json
    }
}
