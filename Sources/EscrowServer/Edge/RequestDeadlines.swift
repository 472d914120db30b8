package import EscrowModel
package import Hummingbird
import ServiceLifecycle
import Synchronization

/// Watches what takes its time, and says so when it takes too long.
///
/// One list that is looked through a few times in the allowed time, rather than a timer for each request: requests
/// come by the ten thousand in a second, and next to none of them is late.
package final class RequestDeadlines: Service {
    /// How long something may take.
    let allowed: Duration
    private let watched = Mutex(Watched())

    private struct Watched {
        var next: UInt64 = 0
        var entries: [UInt64: (deadline: ContinuousClock.Instant, onExpiry: @Sendable () -> Void)] = [:]
    }

    /// Begins with nothing to watch.
    package init(allowed: TimeSpan) {
        self.allowed = .milliseconds(allowed.milliseconds)
    }

    /// Begins to watch. `onExpiry` is called at most once, when `release` has not been called in time.
    func watch(onExpiry: @escaping @Sendable () -> Void) -> UInt64 {
        let deadline = ContinuousClock.now + self.allowed
        return self.watched.withLock { watched in
            watched.next += 1
            watched.entries[watched.next] = (deadline, onExpiry)
            return watched.next
        }
    }

    /// Ends a watch, early or late.
    func release(_ watch: UInt64) {
        _ = self.watched.withLock { $0.entries.removeValue(forKey: watch) }
    }

    /// How many things are watched now.
    package var watchedCount: Int { self.watched.withLock { $0.entries.count } }

    /// Looks through the list until the task is cancelled: to the end, so that what is finishing during a graceful
    /// shutdown is watched too.
    package func run() async throws {
        let pause = min(self.allowed / 4, .seconds(1))
        while (try? await Task.sleep(for: pause)) != nil { self.expire(at: .now) }
    }

    /// Calls and drops whatever is late.
    package func expire(at now: ContinuousClock.Instant) {
        let late = self.watched.withLock { watched in
            let late = watched.entries.filter { $0.value.deadline <= now }
            for id in late.keys { watched.entries[id] = nil }
            return late.values.map(\.onExpiry)
        }
        for onExpiry in late { onExpiry() }
    }

    /// Answers, with 503 when it takes too long. What was begun goes on to its end and is never cancelled: a caller who
    /// hangs up, or a server that is slow, must not erase the record of what was asked.
    package func answer(with operation: @escaping @Sendable () async throws -> Response) async throws -> Response {
        try await withCheckedThrowingContinuation { continuation in
            let first = FirstOutcome(continuation)
            let watch = self.watch {
                first.resume(
                    with: .failure(
                        Problem.unavailable(
                            detail: "It takes too long. What was asked may still be done: look before asking again.",
                            retryAfterSeconds: 5
                        )
                    )
                )
            }
            Task {
                let outcome: Result<Response, any Error>
                do { outcome = .success(try await operation()) } catch { outcome = .failure(error) }
                self.release(watch)
                first.resume(with: outcome)
            }
        }
    }
}

/// Resumes a continuation with whichever outcome comes first.
private final class FirstOutcome: Sendable {
    private let continuation: Mutex<CheckedContinuation<Response, any Error>?>

    init(_ continuation: CheckedContinuation<Response, any Error>) {
        self.continuation = Mutex(continuation)
    }

    func resume(with outcome: Result<Response, any Error>) {
        let continuation = self.continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        continuation?.resume(with: outcome)
    }
}
