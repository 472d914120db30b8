import Dispatch
import Glibc
import Synchronization

/// The file that the opener's state is kept in: replaced as a whole, at most once a second, never by the thread that opens.
package final class OpenerStateFile: Sendable {
    private static let interval = 1000

    private struct State {
        var latest: OpenerState?
        var isScheduled = false
    }

    /// Where the file is.
    package let path: String
    private let queue = DispatchQueue(label: "sparekey.opener.state")
    private let state = Mutex(State())
    private let onFailure: @Sendable (String) -> Void

    /// Names a file.
    ///
    /// - Parameters:
    ///   - path: where it is or will be.
    ///   - onFailure: told, in a sentence, each time that it cannot be written.
    package init(path: String, onFailure: @escaping @Sendable (String) -> Void) {
        self.path = path
        self.onFailure = onFailure
    }

    /// What is in the file; nil when there is none. Throws a sentence for a file that is damaged.
    func read() throws(OpenerRefusal) -> OpenerState? {
        guard let file = fopen(self.path, "re") else {
            guard errno == ENOENT else { throw .logLost("\(self.path) cannot be read: \(Self.reason)") }
            return nil
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: OpenerState.longest + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        guard let state = OpenerState(bytes: Array(bytes.prefix(count))) else {
            throw .logLost("\(self.path), which says how far it was seen, is damaged")
        }
        return state
    }

    /// Takes a newer state, to be written within a second.
    func note(_ state: OpenerState) {
        let mustSchedule = self.state.withLock { held in
            held.latest = state
            defer { held.isScheduled = true }
            return !held.isScheduled
        }
        if mustSchedule { self.queue.async { self.writeAndRest() } }
    }

    /// Writes what is not written yet, and waits for it.
    package func flush() { self.queue.sync { self.write() } }

    private func writeAndRest() {
        self.write()
        self.queue.asyncAfter(deadline: .now() + .milliseconds(Self.interval)) {
            let hasMore = self.state.withLock { held in
                held.isScheduled = held.latest != nil
                return held.isScheduled
            }
            if hasMore { self.writeAndRest() }
        }
    }

    private func write() {
        guard let latest = self.state.withLock({ $0.latest }) else { return }
        guard self.replace(with: latest.bytes) else {
            self.onFailure("how far the audit log was seen cannot be kept in \(self.path): \(Self.reason)")
            return
        }
        self.state.withLock { held in
            if held.latest == latest { held.latest = nil }
        }
    }

    private func replace(with bytes: [UInt8]) -> Bool {
        let temporary = self.path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        let isWritten =
            bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } == bytes.count
            && fsync(descriptor) == 0
        close(descriptor)
        return isWritten && rename(temporary, self.path) == 0
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
