package import AuditLog

/// The server's audit log, as the opener is shown it.
package struct FollowableLog: Sendable {
    /// The log's key.
    package let key: VerifierKey
    let head: @Sendable () async throws -> (edge: CompactRange, note: [UInt8])
    let leaves: @Sendable (_ from: UInt64, _ limit: Int) async throws -> [TreeHash]
    let follow: @Sendable (_ from: UInt64, _ follower: @escaping @Sendable (LogExtension) -> Void) async throws -> Void
    let document: @Sendable () async throws -> [UInt8]?

    /// Says how to get at it.
    ///
    /// - Parameters:
    ///   - key: the log's key.
    ///   - head: the edge of its tree, with the signed checkpoint.
    ///   - leaves: hashes of leaves in order, from an index on, as many as there are and at most `limit`.
    ///   - follow: tells what there is after so many entries, and from then on each addition, before the writers of it are
    ///     answered; once it is asked for anew, the follower before is told nothing more.
    ///   - document: the stored keyring.
    package init(
        key: VerifierKey,
        head: @escaping @Sendable () async throws -> (edge: CompactRange, note: [UInt8]),
        leaves: @escaping @Sendable (_ from: UInt64, _ limit: Int) async throws -> [TreeHash],
        follow:
            @escaping @Sendable (
                _ from: UInt64, _ follower: @escaping @Sendable (LogExtension) -> Void
            ) async throws -> Void,
        document: @escaping @Sendable () async throws -> [UInt8]?
    ) {
        self.key = key
        self.head = head
        self.leaves = leaves
        self.follow = follow
        self.document = document
    }
}
