import AuditLog
package import EscrowModel

/// An audit entry taken apart, for the formats that have fields of their own.
///
/// It reads what any version has written: a member that is not known stays in ``more``, and one of another form than expected too.
package struct LoggedRecord: Sendable {
    /// The place in the log, from 0.
    package let index: Int64
    /// When the server recorded it.
    package let time: Timestamp
    /// What happened, in the log's words.
    package let kind: String
    /// Whether the record was erased: then only index, time and kind are known.
    package let isErased: Bool
    /// How it ended.
    package private(set) var outcome: AuditEvent.Outcome?
    /// Who did it, in one word.
    package private(set) var principal: String?
    /// What people call them.
    package private(set) var name: String?
    /// Their role.
    package private(set) var role: String?
    /// The caller's scope: `everything`, or the names of groups with a comma between them.
    package private(set) var scope: String?
    /// From which address.
    package private(set) var address: String?
    /// The client's own name for itself.
    package private(set) var agent: String?
    /// The request, as its sender was told.
    package private(set) var requestID: String?
    /// What was asked for.
    package private(set) var action: String?
    /// The rule that decided.
    package private(set) var rule: String?
    /// The device.
    package private(set) var device: String?
    /// The device's name.
    package private(set) var deviceName: String?
    /// The volume.
    package private(set) var volume: String?
    /// The key protector.
    package private(set) var protector: String?
    /// The rotation.
    package private(set) var rotation: String?
    /// The token, account or session.
    package private(set) var token: String?
    /// The disclosure reason's code.
    package private(set) var reason: String?
    /// The ticket.
    package private(set) var ticket: String?
    package private(set) var comment: String?
    /// What else there is to say, in a word or two.
    package private(set) var detail: String?
    /// Members that have no field above.
    private(set) var more = CanonicalJSON.Object()

    /// Takes an entry apart.
    package init(_ entry: AuditListing) {
        self.index = entry.index
        self.time = entry.time
        self.kind = entry.kind
        self.isErased = entry.record == nil
        guard let bytes = entry.record else { return }
        guard case .object(let record)? = try? CanonicalJSON(parsing: bytes) else {
            // Not as it was written. A verifier names it; here it must not go missing.
            self.more["unreadable"] = .string(String(decoding: bytes, as: UTF8.self))
            return
        }
        for member in record.members { self.take(member) }
    }

    private mutating func take(_ member: CanonicalJSON.Object.Member) {
        switch (member.key.text, member.value) {
        case ("kind", .string): break
        case ("caller", .object(let caller)): self.take(caller: caller)
        case ("source", .object(let source)): self.take(source: source)
        case ("reason", .object(let reason)): self.take(reason: reason)
        case ("outcome", .string(let text)): self.outcome = AuditEvent.Outcome(rawValue: text)
        case ("action", .string(let text)): self.action = text
        case ("rule", .string(let text)): self.rule = text
        case ("device", .string(let text)): self.device = text
        case ("deviceName", .string(let text)): self.deviceName = text
        case ("volume", .string(let text)): self.volume = text
        case ("protector", .string(let text)): self.protector = text
        case ("rotation", .string(let text)): self.rotation = text
        case ("token", .string(let text)): self.token = text
        case ("detail", .string(let text)): self.detail = text
        default: self.more[member.key] = member.value
        }
    }

    private mutating func take(caller: CanonicalJSON.Object) {
        for member in caller.members {
            switch (member.key.text, member.value) {
            case ("principal", .string(let text)): self.principal = text
            case ("name", .string(let text)): self.name = text
            case ("role", .string(let text)): self.role = text
            case ("scope", .string(let text)): self.scope = text
            case ("scope", .array(let groups)): self.scope = groups.compactMap(\.text).joined(separator: ",")
            default: self.more[Self.key("caller", member.key)] = member.value
            }
        }
    }

    private mutating func take(source: CanonicalJSON.Object) {
        for member in source.members {
            switch (member.key.text, member.value) {
            case ("address", .string(let text)): self.address = text
            case ("agent", .string(let text)): self.agent = text
            case ("requestId", .string(let text)): self.requestID = text
            default: self.more[Self.key("source", member.key)] = member.value
            }
        }
    }

    private mutating func take(reason: CanonicalJSON.Object) {
        for member in reason.members {
            switch (member.key.text, member.value) {
            case ("code", .string(let text)): self.reason = text
            case ("ticket", .string(let text)): self.ticket = text
            case ("comment", .string(let text)): self.comment = text
            default: self.more[Self.key("reason", member.key)] = member.value
            }
        }
    }

    /// The name of a member within another one.
    private static func key(_ outer: String, _ inner: CanonicalJSON.Key) -> CanonicalJSON.Key {
        CanonicalJSON.Key(validating: "\(outer).\(inner.text)") ?? inner
    }

    /// What happened and how grave it is.
    var meaning: EventMeaning { EventMeaning(kind: self.kind, outcome: self.outcome) }
}

extension CanonicalJSON {
    /// The text of a string; nil for anything else.
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
