import AuditLog
import EscrowOpener
import EscrowStore

extension FollowableLog {
    /// The log of a store.
    init(_ store: Store, key: VerifierKey) {
        self.init(
            key: key,
            head: {
                let head = try await store.read { (reader) throws(StoreError) in try reader.logHead() }
                guard let head else { throw Failure("there is no audit log yet") }
                return (head.edge, head.note)
            },
            leaves: { from, limit in
                try await store.read { (reader) throws(StoreError) in
                    try reader.leafHashes(from: Int64(clamping: from), limit: limit)
                }
            },
            follow: { from, follower in try await store.follow(from: from, follower) },
            document: {
                try await store.read { (reader) throws(StoreError) in try reader.keyringDocument()?.bytes }
            }
        )
    }
}
