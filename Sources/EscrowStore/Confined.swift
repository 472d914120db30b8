import Dispatch

/// A value that belongs to one serial queue, with a thread that may block: SQLite's calls do, and Swift's own
/// threads are as few as there are cores.
///
/// Sendable without the compiler's proof: `value` is private, is given over whole at the start (`sending`), and is
/// touched by nothing but the closures that run, one at a time, on `queue`; what they are given cannot leave them,
/// for `Value` need not be Sendable and their results must be.
final class Confined<Value>: @unchecked Sendable {
    private let queue: DispatchQueue
    private let value: Value

    init(_ value: sending Value, queue label: String) {
        self.value = value
        self.queue = DispatchQueue(label: label, qos: .userInitiated)
    }

    /// Runs a piece of work on the queue, after those that wait there.
    func async(_ work: @escaping @Sendable (Value) -> Void) {
        self.queue.async { work(self.value) }
    }

    /// Runs a piece of work on the queue some time later.
    func async(afterMilliseconds delay: Int, _ work: @escaping @Sendable (Value) -> Void) {
        self.queue.asyncAfter(deadline: .now() + .milliseconds(delay)) { work(self.value) }
    }

    /// Runs a piece of work on the queue and waits for it, blocking the calling thread.
    func sync<Result: Sendable>(_ work: @Sendable (Value) -> Result) -> Result {
        self.queue.sync { work(self.value) }
    }
}
