/// What was added to a log, for whoever follows it: the leaves' hashes, and the checkpoint that they lead to.
public struct LogExtension: Hashable, Sendable {
    /// The size of the log before it.
    public let from: UInt64
    /// The hashes of the leaves that were added, in their order.
    public let hashes: [TreeHash]
    /// The signed checkpoint of the log with them; nil when more is to come before one.
    public let note: [UInt8]?

    /// Puts the parts together.
    public init(from: UInt64, hashes: [TreeHash], note: [UInt8]?) {
        self.from = from
        self.hashes = hashes
        self.note = note
    }
}
