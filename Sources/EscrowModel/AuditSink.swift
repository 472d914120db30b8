/// Somebody else's server that the audit log is delivered to, as the store knows it: how far it has got.
///
/// Where it is and how it is spoken to is in the configuration file, never in the store.
package struct AuditSink: Equatable, Sendable {
    /// The name in the configuration.
    package let name: String
    /// Where the log goes, in a few words for people and for the record, such as `syslog siem.example.com:6514 cef`.
    package var target: String
    /// So many entries, from the first one on, are behind it: acknowledged, not for it, or older than it.
    package var deliveredSize: Int64
    /// When it was first configured.
    package let createdAt: Timestamp
    /// When it last got further; nil when it never did.
    package var deliveredAt: Timestamp?
    /// Since when it is not in the configuration any more; nil while it is.
    package var removedAt: Timestamp?

    /// Makes a sink from its parts.
    package init(
        name: String,
        target: String,
        deliveredSize: Int64,
        createdAt: Timestamp,
        deliveredAt: Timestamp? = nil,
        removedAt: Timestamp? = nil
    ) {
        self.name = name
        self.target = target
        self.deliveredSize = deliveredSize
        self.createdAt = createdAt
        self.deliveredAt = deliveredAt
        self.removedAt = removedAt
    }
}

/// A sink with what a person on call asks about it.
package struct AuditSinkListing: Equatable, Sendable {
    /// What keeps it from getting more.
    package struct Problem: Equatable, Sendable {
        /// What happened the last time, as a sentence.
        package let text: String
        /// Since when nothing has worked.
        package let since: Timestamp

        /// Makes a problem from its parts.
        package init(text: String, since: Timestamp) {
            self.text = text
            self.since = since
        }
    }

    /// How far it has got.
    package let sink: AuditSink
    /// How many entries the log has.
    package let logSize: Int64
    /// What is wrong; nil when nothing is, and when no server runs that would know.
    package let problem: Problem?

    /// Makes a listing from its parts.
    package init(sink: AuditSink, logSize: Int64, problem: Problem?) {
        self.sink = sink
        self.logSize = logSize
        self.problem = problem
    }

    /// How many entries it has yet to get, those that are not for it included.
    package var lag: Int64 { max(self.logSize - self.sink.deliveredSize, 0) }
}
