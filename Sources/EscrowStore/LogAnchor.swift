import AuditLog
import Dispatch
import Glibc
import Synchronization

/// Bears witness outside the database of how far the log had come: a file with the latest signed checkpoint.
///
/// Written after commits, at most once a second and never by the thread that commits. A database that was put back
/// to an older state is shorter than its anchor, or has another root at the anchor's size, and is not started with.
final class LogAnchor: Sendable {
    private static let interval = 1000

    private struct State {
        var latest: [UInt8]?
        var isScheduled = false
        var problem: String?
    }

    /// Where the file is.
    let path: String
    private let queue = DispatchQueue(label: "sparekey.store.anchor")
    private let state = Mutex(State())

    init(path: String) { self.path = path }

    /// Why the last writing failed; nil when it did not.
    var problem: String? { self.state.withLock { $0.problem } }

    /// The checkpoint in the file; nil when there is no file.
    func read() throws(StoreError) -> [UInt8]? {
        let descriptor = open(self.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw self.broken(String(cString: strerror(errno))) }
            return nil
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: SignedNote.maximumByteCount + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw self.broken(String(cString: strerror(errno))) }
            guard got > 0 else { break }
            count += got
        }
        return Array(bytes.prefix(count))
    }

    /// Takes a newer checkpoint, to be written within a second.
    func note(_ checkpoint: [UInt8]) {
        let mustSchedule = self.state.withLock { state in
            state.latest = checkpoint
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        guard mustSchedule else { return }
        self.queue.async { self.writeAndRest() }
    }

    /// Writes what is not written yet, and waits for it.
    func flush() { self.queue.sync { self.write() } }

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
        guard let checkpoint = self.state.withLock({ $0.latest }) else { return }
        let problem = Self.replace(self.path, with: checkpoint)
        self.state.withLock { state in
            state.problem = problem
            if problem == nil, state.latest == checkpoint { state.latest = nil }
        }
    }

    /// Why the file could not be replaced durably; nil when it was.
    private static func replace(_ path: String, with bytes: [UInt8]) -> String? {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        let isWritten = Self.write(bytes, to: descriptor) && fsync(descriptor) == 0
        let reason = errno
        close(descriptor)
        guard isWritten else { return String(cString: strerror(reason)) }
        guard rename(temporary, path) == 0 else { return String(cString: strerror(errno)) }
        let directory = open(Self.directory(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return String(cString: strerror(errno)) }
        defer { close(directory) }
        return fsync(directory) == 0 ? nil : String(cString: strerror(errno))
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }

    /// The directory that a file is in.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    func broken(_ reason: String) -> StoreError { .refused(.brokenAnchor(path: self.path, reason: reason)) }
}
