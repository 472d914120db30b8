import BitLocker
import EscrowModel
import Synchronization

/// API tokens that were looked up a moment ago. A revocation here counts at once; one on another server, within the lifetime.
final class TokenCache: Sendable {
    private struct Entry {
        let token: APIToken
        let until: Timestamp
    }

    private static let lifetime = TimeSpan.seconds(5)
    private static let capacity = 10_000
    /// How long one record of a token's refusal stands for all others, so that nobody can fill the log with them.
    private static let refusalSilence = TimeSpan.minutes(1)
    private let entries = Mutex<[GUID: Entry]>([:])
    private let refusals = Mutex<[GUID: Timestamp]>([:])

    func token(_ id: GUID, at now: Timestamp) -> APIToken? {
        self.entries.withLock { entries in
            guard let entry = entries[id], now < entry.until else { return nil }
            return entry.token
        }
    }

    func keep(_ token: APIToken, at now: Timestamp) {
        self.entries.withLock { entries in
            if entries.count >= Self.capacity { entries.removeAll() }
            entries[token.id] = Entry(token: token, until: now + Self.lifetime)
        }
    }

    /// Whether a refusal of a token is to be recorded, and not the same as one a moment ago.
    func isRefusalNew(_ id: GUID, at now: Timestamp) -> Bool {
        self.refusals.withLock { refusals in
            if let last = refusals[id], now < last + Self.refusalSilence { return false }
            if refusals.count >= Self.capacity { refusals.removeAll() }
            refusals[id] = now
            return true
        }
    }

    func forget(_ id: GUID) {
        self.entries.withLock { entries in _ = entries.removeValue(forKey: id) }
    }
}
