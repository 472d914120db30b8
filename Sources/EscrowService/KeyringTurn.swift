import EscrowModel
import Synchronization

/// One change of the keyring at a time: a holder keeps only the last proposal, so two changes would undo each other.
package final class KeyringTurn: Sendable {
    private let isTaken = Mutex(false)

    /// Runs a change, or refuses it while another is under way.
    func take<Value>(_ body: () async throws(EscrowError) -> Value) async throws(EscrowError) -> Value {
        let isFree = self.isTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
        guard isFree else {
            throw .conflict(code: "keyring-busy", problem: "The keyring is being changed at this moment. Try again.")
        }
        defer { self.isTaken.withLock { $0 = false } }
        return try await body()
    }
}
