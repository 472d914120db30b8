import Dispatch
import Synchronization

/// A file with the latest of something that changes often: replaced at most once a second, and never by the thread that has
/// something new.
package final class LatestFile: Sendable {
    private static let interval = 1000

    private struct State {
        var latest: [UInt8]?
        var isScheduled = false
        var problem: DurableFileError?
    }

    /// Where the file is.
    package let path: String
    private let queue = DispatchQueue(label: "sparekey.latest-file")
    private let state = Mutex(State())
    private let onProblem: @Sendable (DurableFileError) -> Void

    /// Names a file.
    ///
    /// - Parameters:
    ///   - path: where it is or will be.
    ///   - onProblem: told each time that it cannot be written.
    package init(path: String, onProblem: @escaping @Sendable (DurableFileError) -> Void = { _ in }) {
        self.path = path
        self.onProblem = onProblem
    }

    /// Why the last writing failed; nil when it did not.
    package var problem: DurableFileError? { self.state.withLock { $0.problem } }

    /// Takes something newer, to be written within a second.
    package func note(_ bytes: [UInt8]) {
        let mustSchedule = self.state.withLock { state in
            state.latest = bytes
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustSchedule { self.queue.async { self.writeAndRest() } }
    }

    /// Writes what is not written yet, and waits for it.
    package func flush() { self.queue.sync { self.write() } }

    private func writeAndRest() {
        self.write()
        self.queue.asyncAfter(deadline: .now() + .milliseconds(Self.interval)) {
            let hasMore = self.state.withLock { state in
                state.isScheduled = state.latest != nil
                return state.isScheduled
            }
            if hasMore { self.writeAndRest() }
        }
    }

    private func write() {
        guard let bytes = self.state.withLock({ $0.latest }) else { return }
        var problem: DurableFileError?
        do throws(DurableFileError) { try DurableFile.replace(self.path, with: bytes) } catch { problem = error }
        self.state.withLock { state in
            state.problem = problem
            if problem == nil, state.latest == bytes { state.latest = nil }
        }
        if let problem { self.onProblem(problem) }
    }
}
