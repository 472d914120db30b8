/// Why the opener does not open a secret, or makes no change, though it was asked to. Each names the check that failed.
package enum OpenerRefusal: Error, Hashable, Sendable {
    /// No keyring was given to it yet.
    case notStarted
    /// It was not told yet which log to follow, or from where.
    case notFollowing
    /// The log that it was shown does not go on from what it saw before.
    case logLost(String)
    /// No signed checkpoint covers the entry's index.
    case notUnderCheckpoint(index: UInt64, size: UInt64)
    /// The entry is longer ago than the opener remembers, or from before it was started.
    case outOfReach(index: UInt64)
    /// At this index the log has another leaf.
    case otherLeaf(index: UInt64)
    /// The leaf does not commit to this record and salt.
    case recordNotCommitted(index: UInt64)
    /// The record is not one.
    case malformedRecord
    /// The entry is of another kind than it must be.
    case otherKind(found: String, needed: String)
    /// What the entry records was not done.
    case notSuccessful
    /// The entry is about something else than what is to be opened; the name of what differs.
    case aboutAnother(String)
    /// The caller's role does not hold for it.
    case roleMayNot
    /// The entry is too long ago, or of the future.
    case notRecent(milliseconds: Int64)
    /// This entry was used before.
    case usedBefore(index: UInt64)
    /// The caller has had as many secrets in the last hour as anybody may.
    case callerCap(perHour: Int)
    /// There were as many openings in the last hour as there may be in total.
    case totalCap(perHour: Int)
    /// A change of the keyring whose entry on the log says something else.
    case otherChange
}

extension OpenerRefusal: CustomStringConvertible {
    /// What is missing, for the log and for whoever operates the server.
    package var description: String {
        switch self {
        case .notStarted: "it has no keyring yet"
        case .notFollowing: "it does not follow the audit log yet"
        case .logLost(let reason):
            "the audit log was rewound or forked: \(reason). Find out who put an old database back, or changed it; see "
                + "docs/operations.md for how to go on"
        case .notUnderCheckpoint(let index, let size):
            "entry \(index) is not on the log, whose signed checkpoint has \(size) entries"
        case .outOfReach(let index): "entry \(index) is from before the entries that it remembers"
        case .otherLeaf(let index): "entry \(index) of the log is another one"
        case .recordNotCommitted(let index): "the record is not the one that entry \(index) commits to"
        case .malformedRecord: "the entry's record cannot be read"
        case .otherKind(let found, let needed): "the entry is of kind \(found) and must be \(needed)"
        case .notSuccessful: "the entry records a refusal or a failure"
        case .aboutAnother(let name): "the entry is about another \(name)"
        case .roleMayNot: "the caller's role does not allow a disclosure"
        case .notRecent(let milliseconds): "the entry is of \(milliseconds / 1000) s ago"
        case .usedBefore(let index): "entry \(index) was used before"
        case .callerCap(let cap): "the caller was disclosed \(cap) keys within an hour, the most that it allows"
        case .totalCap(let cap): "\(cap) keys were disclosed within an hour, the most that it allows"
        case .otherChange: "the entry records another change of the keyring"
        }
    }
}
