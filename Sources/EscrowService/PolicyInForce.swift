package import EscrowModel
package import EscrowPolicy
import EscrowStore
import Synchronization

/// The policy file that is in force: replaced as a whole, while requests go on.
final class PolicyInForce: Sendable {
    private let state = Mutex((document: PolicyDocument.none, readAt: Timestamp?.none))

    var current: PolicyDocument { self.state.withLock { $0.document } }

    /// When this process read it; nil when it never read any.
    var readAt: Timestamp? { self.state.withLock { $0.readAt } }

    func replace(by document: PolicyDocument, at now: Timestamp) { self.state.withLock { $0 = (document, now) } }
}

extension EscrowService {
    /// The policy file that is in force.
    package var policyInForce: PolicyDocument { self.rules.current }

    /// Takes up a policy file, or that there is none. From the record of its change on, every disclosure is decided by it.
    ///
    /// Returns what was in force before, by its digest, if it was another.
    @discardableResult
    package func adopt(_ policy: PolicyDocument) async throws(EscrowError) -> String? {
        let permit = self.permitOfPolicy(.changePolicy)
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<String?> in
            let state = try transaction.policyState()
            guard state?.content ?? "" != policy.text else {
                self.rules.replace(by: policy, at: permit.now)
                return .done(nil, [])
            }
            let old = state?.digest ?? PolicyDocument.none.digest
            let areGroupsSame = state?.groupsDigest ?? "" == policy.groupsDigest
            try transaction.setPolicyState(
                PolicyState(
                    digest: policy.digest,
                    content: policy.text,
                    groupsDigest: policy.groupsDigest,
                    swept: areGroupsSame ? state?.swept : 0
                )
            )
            var event = permit.event(.policyChanged, detail: "\(old) to \(policy.digest)")
            event.policy = policy.digest
            // Here rather than after the commit: this thread is the only one that discloses, so that no disclosure by the
            // old rules can follow this record. A commit that fails ends the process.
            self.rules.replace(by: policy, at: permit.now)
            return .done(old, [event])
        }
    }

    /// Takes up the policy file that was in force last, for work on the data directory without the server's settings.
    ///
    /// Throws `PolicyFileError` when this version does not understand it.
    package func resumePolicy() async throws {
        let state = try await self.snapshot { (reader) throws(StoreError) in try reader.policyState() }
        guard let state, !state.content.isEmpty else { return }
        self.rules.replace(by: try PolicyDocument(state.content), at: self.clock())
    }

    /// Records that a changed policy file could not be used, and that the old one stays in force.
    package func recordRefusedPolicy() async throws(EscrowError) {
        let permit = self.permitOfPolicy(.changePolicy)
        try await self.operation { (_) throws(StoreError) -> Outcome<Void> in
            var event = permit.event(.policyChanged, .failure, detail: "refused")
            event.policy = self.rules.current.digest
            return .done((), [event])
        }
    }

    func permitOfPolicy(_ action: Action) -> Permit {
        Permit(action: action, caller: .system("policy"), rule: .system, now: self.clock())
    }
}
