package import AuditLog
package import EscrowCrypto
package import EscrowModel

/// Decides whether a secret may be opened: the log that is followed, the grant on it, and the caps, in this order.
///
/// A pure value, and all that stands between a taken-over server and the private keys.
package struct OpenerGate: Sendable {
    /// The log that is followed; nil before it is known.
    package var follower: LogFollower?
    private var caps: OpeningCaps

    /// Begins without a log: nothing is opened.
    package init(caps: OpeningCaps.Limits) { self.caps = OpeningCaps(caps) }

    /// Lets one secret be opened, once for each entry; or says why not.
    package mutating func admit(
        opening context: SealContext,
        evidence: LogEvidence,
        at now: Timestamp
    ) throws(OpenerRefusal) {
        let entry = try self.entry(evidence)
        let grant = try Grant(toOpen: context, by: entry, at: now)
        try self.caps.count(grant.principal, at: now)
        self.follower?.use(entry.index)
    }

    /// Lets a change of the keyring be made, once for each entry; or says why not.
    package mutating func admit(change detail: String, evidence: LogEvidence, at now: Timestamp) throws(OpenerRefusal) {
        let entry = try self.entry(evidence)
        try Grant.check(change: detail, by: entry, at: now)
        self.follower?.use(entry.index)
    }

    /// Takes up what was added to the log.
    package mutating func extend(_ more: LogExtension) throws(OpenerRefusal) {
        guard self.follower != nil else { throw .notFollowing }
        try self.follower?.extend(more)
    }

    /// The entry, once it is known to be on the log under its checkpoint.
    private func entry(_ evidence: LogEvidence) throws(OpenerRefusal) -> LogEntry {
        guard let follower = self.follower else { throw .notFollowing }
        // The cheap look before the hashes of a record: who asks with nothing is turned away at once.
        try follower.check(MerkleTree.leafHash(of: evidence.leaf), at: evidence.index)
        let entry = try? LogEntry(
            index: evidence.index,
            leaf: evidence.leaf,
            salt: evidence.salt,
            record: evidence.record
        )
        guard let entry else { throw .recordNotCommitted(index: evidence.index) }
        return entry
    }
}
