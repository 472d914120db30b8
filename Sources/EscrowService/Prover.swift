import BitLocker
import Dispatch
import EscrowModel
import Synchronization

/// Proves secrets against FVE metadata, off the event loop and so many at a time: a proof occupies a core for a tenth of a
/// second, and a device can ask for one.
final class Prover: Sendable {
    /// What the prover answers.
    enum Answer: Sendable, Equatable {
        case proof(Proof)
        /// Too many are waiting already.
        case busy
    }

    private struct State {
        var running = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let concurrency: Int
    private let backlog: Int
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "sparekey.prover", qos: .utility, attributes: .concurrent)

    init(concurrency: Int, backlog: Int) {
        self.concurrency = max(1, concurrency)
        self.backlog = max(0, backlog)
    }

    /// Proves one secret, in its turn.
    func prove(_ secret: borrowing RecoverySecret, protector: GUID, by metadata: MetadataUpload) async -> Answer {
        guard await self.enter() else { return .busy }
        defer { self.leave() }
        let copy = SecretBox(copying: secret)
        return await withCheckedContinuation { continuation in
            self.queue.async {
                continuation.resume(returning: .proof(copy.proof(protector: protector, by: metadata)))
            }
        }
    }

    private func enter() async -> Bool {
        enum Entry { case now, later, never }
        let entry = self.state.withLock { state -> Entry in
            if state.running < self.concurrency {
                state.running += 1
                return .now
            }
            return state.waiting.count < self.backlog ? .later : .never
        }
        switch entry {
        case .now: return true
        case .never: return false
        case .later: break
        }
        await withCheckedContinuation { continuation in
            let isFree = self.state.withLock { state -> Bool in
                guard state.running >= self.concurrency else {
                    state.running += 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
        return true
    }

    private func leave() {
        let next = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}

/// Carries a secret to another thread: a closure that outlives its caller cannot hold what cannot be copied.
private final class SecretBox: Sendable {
    private let secret: RecoverySecret?

    init(copying secret: borrowing RecoverySecret) {
        self.secret = RecoverySecret(copying: secret)
    }

    func proof(protector: GUID, by metadata: MetadataUpload) -> Proof {
        switch self.secret {
        case .recoveryPassword(let password): metadata.prove(recoveryPassword: password, protector: protector)
        case .recoveryKey(let key): metadata.prove(recoveryKey: key)
        case nil: .notProvable(.incompleteMetadata)
        }
    }
}
