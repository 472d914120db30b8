import Dispatch
import Glibc
import Synchronization

/// The opener as a child of this process.
///
/// The thread that starts it waits for it: a child that asked for a signal at its parent's death (prctl(2),
/// `PR_SET_PDEATHSIG`) is sent it when the *thread* that made it ends.
package final class OpenerProcess: Sendable {
    private enum State {
        case running(pid_t, [CheckedContinuation<Void, Never>])
        case ended
    }

    /// Its number.
    let pid: pid_t
    private let state: Mutex<State>

    private init(_ pid: pid_t) {
        self.pid = pid
        self.state = Mutex(.running(pid, []))
    }

    /// Starts this very program anew, with other arguments; it keeps standard error and nothing else of what is open.
    static func start(arguments: [String]) async throws(OpenerStartError) -> OpenerProcess {
        let result: Result<OpenerProcess, OpenerStartError> = await withCheckedContinuation { continuation in
            DispatchQueue(label: "sparekey.opener.process").async {
                var pid = pid_t()
                let code = Self.spawn(arguments, &pid)
                guard code == 0 else {
                    let reason = String(cString: strerror(code))
                    continuation.resume(returning: .failure(OpenerStartError("cannot start the opener: \(reason)")))
                    return
                }
                let process = OpenerProcess(pid)
                continuation.resume(returning: .success(process))
                process.wait()
            }
        }
        return try result.get()
    }

    /// Whether it has ended.
    var hasEnded: Bool {
        self.state.withLock { state in
            if case .ended = state { return true }
            return false
        }
    }

    /// Ends it at once: it has nothing to finish.
    func kill() {
        self.state.withLock { state in
            guard case .running(let pid, _) = state else { return }
            Glibc.kill(pid, SIGKILL)
        }
    }

    /// Returns once it has ended.
    func ended() async {
        await withCheckedContinuation { continuation in
            let hasEnded = self.state.withLock { state in
                guard case .running(let pid, let waiting) = state else { return true }
                state = .running(pid, waiting + [continuation])
                return false
            }
            if hasEnded { continuation.resume() }
        }
    }

    private func wait() {
        // Its number stays its own until it is known here that it has ended.
        var information = siginfo_t()
        while waitid(P_PID, id_t(self.pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let waiting = self.state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard case .running(let pid, let waiting) = state else { return [] }
            waitpid(pid, nil, 0)
            state = .ended
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// What a new program would find open, beyond the three that it should: we open nothing so, but libraries may.
    private static var inheritable: [Int32] {
        guard let directory = opendir("/proc/self/fd") else { return [] }
        defer { closedir(directory) }
        var found: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let descriptor = Int32(name), descriptor > STDERR_FILENO else { continue }
            if fcntl(descriptor, F_GETFD) & FD_CLOEXEC == 0 { found.append(descriptor) }
        }
        return found
    }

    private static func spawn(_ arguments: [String], _ pid: inout pid_t) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        for descriptor in Self.inheritable { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var words: [UnsafeMutablePointer<CChar>?] = (["sparekey"] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        return posix_spawn(&pid, "/proc/self/exe", &actions, nil, words, environ)
    }
}
