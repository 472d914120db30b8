/// Remembers which signatures were used until they end, so that none is used twice.
///
/// Bounded, and it fails closed: when it is full, nothing new is accepted until something ends. One key can fill only its
/// own share, so that a single device cannot lock out the others. It forgets when the process ends: a request that was
/// recorded on its way can be sent again within its lifetime after a restart, which is why what devices ask for must be
/// idempotent.
package struct NonceCache: Sendable {
    private struct Use: Hashable {
        let keyID: String
        let nonce: String
    }

    private let capacity: Int
    private let capacityOfKey: Int
    private var used: Set<Use> = []
    private var usedByExpiry: [Int64: [Use]] = [:]
    private var countOfKey: [String: Int] = [:]
    private var latest = Int64.min

    /// Makes an empty cache.
    ///
    /// - Parameters:
    ///   - capacity: how many signatures are remembered in all; about 200 bytes each.
    ///   - capacityOfKey: how many of one key.
    package init(capacity: Int = 100_000, capacityOfKey: Int = 1000) {
        self.capacity = capacity
        self.capacityOfKey = capacityOfKey
    }

    /// How many signatures are remembered.
    package var count: Int { self.used.count }

    /// Takes a signature into use, or throws when it was used before, has ended, or there is no room to remember it.
    ///
    /// - Parameters:
    ///   - signature: verified, so that nobody without a key can fill the cache.
    ///   - now: the server's time, in seconds since 1970-01-01 UTC. Should it step back, what was forgotten stays refused.
    package mutating func use(_ signature: VerifiedSignature, at now: Int64) throws(SignatureError) {
        self.forget(before: now)
        guard signature.expires >= self.latest else { throw .expired(secondsAgo: self.latest - signature.expires) }
        let use = Use(keyID: signature.keyID, nonce: signature.nonce)
        guard !self.used.contains(use) else { throw .replayed }
        guard self.used.count < self.capacity else { throw .tooManyRequests }
        guard self.countOfKey[use.keyID, default: 0] < self.capacityOfKey else { throw .tooManyRequestsOfKey }
        self.used.insert(use)
        self.usedByExpiry[signature.expires, default: []].append(use)
        self.countOfKey[use.keyID, default: 0] += 1
    }

    /// Drops what has ended.
    ///
    /// At most once a second, and then there are a few hundred seconds to look at.
    private mutating func forget(before now: Int64) {
        guard now > self.latest else { return }
        self.latest = now
        for second in self.usedByExpiry.keys.filter({ $0 < now }) {
            for use in self.usedByExpiry.removeValue(forKey: second) ?? [] {
                self.used.remove(use)
                let rest = self.countOfKey[use.keyID, default: 0] - 1
                self.countOfKey[use.keyID] = rest > 0 ? rest : nil
            }
        }
    }
}
