package import AuditLog

/// What a write gave back, with the entries that it has put on the log, in their order. All of it is durable.
package struct Recorded<Value: Sendable>: Sendable {
    /// What the write gave back.
    package let value: Value
    /// Its entries, under the signed checkpoint of its batch.
    package let entries: [LogEntry]

    /// Puts both together.
    package init(value: Value, entries: [LogEntry]) {
        self.value = value
        self.entries = entries
    }
}
