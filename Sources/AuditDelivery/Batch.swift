package import AuditFormats
package import EscrowModel

/// Entries that go to a peer at once, in order, each in the sink's form.
package struct Batch: Equatable, Sendable {
    /// The log's identity.
    package let origin: String
    /// The first entry's index.
    package let first: Int64
    /// The last entry's index.
    package let last: Int64
    /// The entries.
    package let messages: [Message]

    /// One entry.
    package struct Message: Equatable, Sendable {
        /// Its place in the log, by which the peer can tell that it has it already.
        package let index: Int64
        /// When it was recorded.
        package let time: Timestamp
        /// What happened.
        package let kind: String
        /// How grave it is.
        package let severity: EventSeverity
        /// The entry in the sink's form, on one line without its end.
        package let text: [UInt8]
    }

    /// Makes a batch of entries; nil when there are none.
    package init?(_ entries: [AuditListing], origin: String, as format: AuditFormat) {
        guard let first = entries.first, let last = entries.last else { return nil }
        let formatter = EntryFormatter(format, origin: origin)
        self.origin = origin
        self.first = first.index
        self.last = last.index
        self.messages = entries.map { entry in
            var text: [UInt8] = []
            formatter.append(entry, to: &text)
            return Message(
                index: entry.index,
                time: entry.time,
                kind: entry.kind,
                severity: EventMeaning(of: entry).severity,
                text: text
            )
        }
    }
}
