package import EscrowModel

/// Slows down whoever guesses: after some failures for one name from one source, each further try waits longer.
///
/// A name is only ever slowed down for the source that failed, so that nobody can lock out somebody else. A source that
/// goes through many names is slowed down as a whole. A value: whoever keeps it sees to it that it is changed by one at a
/// time.
package struct AttemptLimiter: Sendable {
    private struct Key: Hashable {
        /// Nil for all names of a source together.
        let name: String?
        let source: String
    }

    private struct Failures {
        var count: Int
        var last: Timestamp
    }

    /// How many failures are free, for one name.
    package static let free = 5
    /// How many are free for all names of a source.
    package static let freeOfSource = 50
    /// The longest wait.
    package static let longest = TimeSpan.minutes(15)
    /// After how long without a failure all is forgotten.
    package static let memory = TimeSpan.hours(1)
    private static let capacity = 100_000
    private var failures: [Key: Failures] = [:]

    /// Makes one that knows of no failures.
    package init() {}

    /// For how many seconds the next try has to wait; 0 when it need not.
    package func wait(name: String, source: String, at now: Timestamp) -> Int {
        max(
            self.wait(Key(name: name, source: source), free: Self.free, now),
            self.wait(Key(name: nil, source: source), free: Self.freeOfSource, now)
        )
    }

    private func wait(_ key: Key, free: Int, _ now: Timestamp) -> Int {
        guard let failures = self.failures[key], failures.count >= free else { return 0 }
        let doublings = min(failures.count - free, 10)
        let span = min(TimeSpan.seconds(5 << Int64(doublings)), Self.longest)
        let left = (failures.last + span).milliseconds - now.milliseconds
        return left <= 0 ? 0 : Int((left + 999) / 1000)
    }

    /// Notes a failure.
    package mutating func fail(name: String, source: String, at now: Timestamp) {
        for key in [Key(name: name, source: source), Key(name: nil, source: source)] {
            if self.failures[key] == nil, self.failures.count >= Self.capacity { self.forget(now) }
            var failures = self.failures[key] ?? Failures(count: 0, last: now)
            if failures.last + Self.memory < now { failures.count = 0 }
            failures.count += 1
            failures.last = now
            self.failures[key] = failures
        }
    }

    /// Forgets the failures for a name from a source: they got in. Those of the source as a whole stay.
    package mutating func succeed(name: String, source: String) {
        self.failures[Key(name: name, source: source)] = nil
    }

    /// Makes room: first what is over, then, under a flood, what waits for no more than its first failures.
    private mutating func forget(_ now: Timestamp) {
        self.failures = self.failures.filter { now < $0.value.last + Self.memory }
        if self.failures.count >= Self.capacity { self.failures = self.failures.filter { $0.value.count >= Self.free } }
        if self.failures.count >= Self.capacity { self.failures = [:] }
    }
}
