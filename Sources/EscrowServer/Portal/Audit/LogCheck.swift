import AuditLog
import EscrowModel
import EscrowService
import Synchronization

/// The verification of the whole log, one at a time: it reads every record, and whoever asks meanwhile sees how far it is.
final class LogCheck: Sendable {
    /// Where it stands.
    enum State: Sendable {
        /// Nobody has asked for one since the server started.
        case never
        case running(since: Timestamp, by: String, read: UInt64, of: UInt64)
        case ended(Ended)
        /// The log could not be read to its end.
        case broken(at: Timestamp)
    }

    /// What came of one.
    struct Ended: Sendable {
        let verification: LogVerification
        let by: String
        let began: Timestamp
        let ended: Timestamp
        /// The checkpoint of the one before, which this log was checked to begin with.
        let kept: Checkpoint?
    }

    private struct Held {
        var state = State.never
        var kept: Checkpoint?
    }

    private let held = Mutex(Held())

    /// Where it stands now.
    var state: State { self.held.withLock { $0.state } }

    /// Begins one, unless one is under way.
    func begin(_ service: EscrowService, by caller: Caller, clock: @escaping @Sendable () -> Timestamp) async throws {
        let export = try await service.auditExport(isForVerifying: true, by: caller)
        let began = clock()
        let name = caller.displayName
        let kept = self.held.withLock { held -> (isNew: Bool, kept: Checkpoint?) in
            if case .running = held.state { return (false, nil) }
            held.state = .running(since: began, by: name, read: 0, of: UInt64(export.size))
            return (true, held.kept)
        }
        guard kept.isNew else { return }
        Task {
            var verifier = LogVerifier(keys: [service.logKey], extending: kept.kept)
            do {
                for try await lines in export {
                    verifier.read(lines)
                    let read = verifier.progress.read
                    self.held.withLock {
                        $0.state = .running(since: began, by: name, read: read, of: UInt64(export.size))
                    }
                }
            } catch {
                self.held.withLock { $0.state = .broken(at: clock()) }
                return
            }
            let verification = verifier.finish()
            self.held.withLock { held in
                held.state = .ended(
                    Ended(verification: verification, by: name, began: began, ended: clock(), kept: kept.kept)
                )
                if verification.isIntact { held.kept = verification.head }
            }
        }
    }
}
