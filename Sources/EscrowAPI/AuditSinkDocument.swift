package import EscrowModel

/// A sink of the audit log: how far it has got, and what keeps it from getting more.
package struct AuditSinkDocument: Codable, Equatable, Sendable {
    /// Its name.
    package var name: String
    /// Where the log goes.
    package var target: String
    /// So many entries, from the first one on, are behind it.
    package var deliveredSize: Int64
    /// How many entries it has yet to get.
    package var lag: Int64
    /// When it last got further.
    package var deliveredAt: Timestamp?
    /// What happened the last time, when that went wrong.
    package var problem: String?
    /// Since when nothing has worked.
    package var problemSince: Timestamp?
    /// Since when it is not configured any more.
    package var removedAt: Timestamp?

    /// Shows a sink.
    package init(_ listing: AuditSinkListing) {
        self.name = listing.sink.name
        self.target = listing.sink.target
        self.deliveredSize = listing.sink.deliveredSize
        self.lag = listing.lag
        self.deliveredAt = listing.sink.deliveredAt
        self.problem = listing.problem?.text
        self.problemSince = listing.problem?.since
        self.removedAt = listing.sink.removedAt
    }
}
