package import EscrowModel

/// What a write gives back, with what it puts on the record: a write that names no event does not type-check.
package struct Audited<Value: Sendable>: Sendable {
    /// What the caller of the write gets.
    package let value: Value
    /// What goes on the audit log, in this order, in the write's own transaction.
    package let events: [AuditEvent]

    /// A value and the event, or events, that it takes to the record.
    package init(_ value: Value, _ event: AuditEvent, _ more: AuditEvent...) {
        self.init(value, events: [event] + more)
    }

    /// A value of a write that is worth an entry only where something happened, such as a check-in; `events` may be
    /// empty.
    package static func routine(_ value: Value, events: [AuditEvent] = []) -> Audited {
        Audited(value, events: events)
    }

    private init(_ value: Value, events: [AuditEvent]) {
        self.value = value
        self.events = events
    }
}
