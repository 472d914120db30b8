/// What became of verifying a log.
public struct LogVerification: Sendable {
    /// The log's identity; empty when the export has no header.
    public let origin: String
    /// How many records were read, redacted ones included.
    public let recordCount: UInt64
    /// How many of them are redacted.
    public let redactedCount: UInt64
    /// The times of the oldest and the youngest record, in milliseconds since 1970; nil without records.
    public let times: ClosedRange<Int64>?
    /// How many checkpoints were found to be signed and to have the root of the records before them.
    public let checkpointCount: UInt64
    /// The last of these checkpoints, worth keeping: the next export must extend it.
    public let head: Checkpoint?
    /// What is wrong, at most 1,000 things; empty when the log is as it was signed.
    public let problems: [LogProblem]
    /// What else there is to know.
    public let warnings: [LogWarning]

    /// Whether every record is there, as it was written, in its place, and under a signature of the log.
    public var isIntact: Bool { self.problems.isEmpty }
}
