package import BitLocker
import Dispatch
import EscrowModel
import SignIn
import Synchronization

/// What is remembered of sign-ins under way, in memory: they take minutes, and whoever is cut off by a restart begins again.
final class SignInState: Sendable {
    /// Somebody whose password was right.
    struct Step: Sendable {
        let account: GUID
        let source: String
        let until: Timestamp
        var failures = 0
    }

    /// How many wrong one-time passwords end a sign-in.
    static let failuresOfStep = 5
    private static let capacity = 10_000
    /// How many passwords may wait to be checked, one after the other.
    private static let backlog = 16

    private let steps = Mutex<[[UInt8]: Step]>([:])
    private let limiter = Mutex(AttemptLimiter())
    private let waiting = Mutex(0)
    private let queue = DispatchQueue(label: "sparekey.passwords", qos: .utility)

    func wait(name: String, source: Source, at now: Timestamp) -> Int {
        self.limiter.withLock { $0.wait(name: name, source: source.address, at: now) }
    }

    func fail(name: String, source: Source, at now: Timestamp) {
        self.limiter.withLock { $0.fail(name: name, source: source.address, at: now) }
    }

    func succeed(name: String, source: Source) {
        self.limiter.withLock { $0.succeed(name: name, source: source.address) }
    }

    func begin(_ step: Step, under hash: [UInt8], at now: Timestamp) {
        self.steps.withLock { steps in
            if steps.count >= Self.capacity { steps = steps.filter { now < $0.value.until } }
            if steps.count >= Self.capacity { steps = [:] }
            steps[hash] = step
        }
    }

    func step(under hash: [UInt8], at now: Timestamp) -> Step? {
        self.steps.withLock { steps in
            guard let step = steps[hash] else { return nil }
            guard now < step.until, step.failures < Self.failuresOfStep else {
                steps[hash] = nil
                return nil
            }
            return step
        }
    }

    func failStep(under hash: [UInt8]) {
        self.steps.withLock { $0[hash]?.failures += 1 }
    }

    /// Ends a step; false when it has ended already: of two tries at once, one goes on.
    func end(stepUnder hash: [UInt8]) -> Bool {
        self.steps.withLock { $0.removeValue(forKey: hash) != nil }
    }

    /// Runs what takes half a second and 128 MiB, one after the other, off the threads that serve requests. Nil when too
    /// many are waiting.
    func work<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
        let isTaken = self.waiting.withLock { waiting in
            guard waiting < Self.backlog else { return false }
            waiting += 1
            return true
        }
        guard isTaken else { return nil }
        defer { self.waiting.withLock { $0 -= 1 } }
        return await withCheckedContinuation { continuation in
            self.queue.async { continuation.resume(returning: body()) }
        }
    }
}

/// Carries a password to another thread: a closure that outlives its caller cannot hold what cannot be copied.
package final class Password: Sendable {
    private let bytes: SecretBytes

    /// Takes a password, which is wiped with its last owner.
    package init(_ bytes: consuming SecretBytes) { self.bytes = bytes }

    /// Whether it is what a hash was made of.
    func matches(_ hash: PasswordHash) -> Bool { hash.matches(self.bytes) }

    /// Its hash; nil when the cost is out of bounds.
    func hash(_ settings: SignInSettings) -> PasswordHash? {
        var generator = SystemRandomNumberGenerator()
        return PasswordHash(of: self.bytes, cost: settings.passwordCost, using: &generator)
    }

    /// Why it cannot be chosen; nil when it can.
    func problem(userName: String) -> PasswordRule.Problem? {
        PasswordRule.problem(
            with: self.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) },
            userName: userName
        )
    }

    /// Whether two are the same.
    package func matches(_ other: Password) -> Bool { self.bytes.matches(other.bytes) }
}
