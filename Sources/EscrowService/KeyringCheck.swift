import EscrowCrypto
package import EscrowModel
import EscrowPolicy
import EscrowStore
import Synchronization

/// What the last regular check of the keyring found.
final class KeyringHealth: Sendable {
    private struct State {
        var checkedAt: Timestamp?
        var problem: String?
    }

    private let state = Mutex(State())

    /// What is wrong; nil when nothing is.
    var problem: String? { self.state.withLock { $0.problem } }

    /// Whether it is time for the next check: at once after the interval, and each minute while something is wrong.
    func isDue(at now: Timestamp, every interval: TimeSpan) -> Bool {
        self.state.withLock { state in
            guard let last = state.checkedAt else {
                // The start was a check.
                state.checkedAt = now
                return false
            }
            return now >= last + (state.problem == nil ? interval : min(interval, .minutes(1)))
        }
    }

    /// Notes what was found, and says what was known before.
    func note(_ problem: String?, at now: Timestamp) -> String? {
        self.state.withLock { state in
            defer { state = State(checkedAt: now, problem: problem) }
            return state.problem
        }
    }
}

extension EscrowService {
    /// Makes the regular check when its time has come: the stored keyring is read anew and opened with the master key from
    /// where it is kept, and each version's canary is opened. What is wrong turns readiness red; deposits go on.
    ///
    /// Returns what is wrong, when that was not known before.
    @discardableResult
    package func checkKeyringWhenDue() async throws(EscrowError) -> String? {
        let now = self.clock()
        guard !self.keys.isIngest, self.health.isDue(at: now, every: self.settings.keyringCheckInterval) else {
            return nil
        }
        let problem = try await self.problemOfTheKeyring()
        let before = self.health.note(problem, at: now)
        guard (problem == nil) != (before == nil) else { return nil }
        let permit = Permit(action: .checkKeyring, caller: .system("maintenance"), rule: .system, now: now)
        try await self.operation { (_) throws(StoreError) -> Outcome<Void> in
            let event =
                problem == nil
                ? permit.event(.keyringCheckSucceeded) : permit.event(.keyringCheckFailed, .failure)
            return .done((), [event])
        }
        return problem
    }

    private func problemOfTheKeyring() async throws(EscrowError) -> String? {
        let stored = try await self.snapshot { (reader) throws(StoreError) in try reader.keyringDocument()?.bytes }
        guard let stored else {
            return
                "The keyring is gone from the database. Do not stop this server, which still has it in memory, before "
                + "the keyring is restored from a backup."
        }
        do throws(KeyHolderError) {
            let failed = try await self.keys.holder.check(stored)
            return failed.isEmpty ? nil : failed.map(\.description).joined(separator: " ")
        } catch {
            return
                "The keyring would not open at the next start: \(error) Do not stop this server before that is mended."
        }
    }
}
