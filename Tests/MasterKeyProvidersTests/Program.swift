import Glibc

/// Another program, started by the C library.
struct Program {
    let pid: pid_t

    /// Starts a program; nil when there is none.
    init?(_ words: [String], environment: [String]? = nil, log: String = "/dev/null") {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = (environment ?? []).map { strdup($0) } + [nil]
        defer { for word in arguments + variables { free(word) } }
        var pid = pid_t()
        let code =
            environment == nil
            ? posix_spawnp(&pid, words[0], &actions, nil, &arguments, environ)
            : posix_spawnp(&pid, words[0], &actions, nil, &arguments, &variables)
        guard code == 0 else { return nil }
        self.pid = pid
    }

    /// Waits for its end, and gives its exit code.
    @discardableResult
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(self.pid, &status, 0) < 0 && errno == EINTR {}
        return (status >> 8) & 0xFF
    }

    /// Ends it: asks first, and after five seconds asks no more.
    func stop() async {
        kill(self.pid, SIGCONT)
        kill(self.pid, SIGTERM)
        var status: Int32 = 0
        for _ in 0..<50 {
            if waitpid(self.pid, &status, WNOHANG) != 0 { return }
            try? await Task.sleep(for: .milliseconds(100))
        }
        kill(self.pid, SIGKILL)
        self.wait()
    }

    /// Runs a program to its end, and gives its exit code; 127 when there is none.
    @discardableResult
    static func run(_ words: String..., environment: [String]? = nil) -> Int32 {
        Program(words, environment: environment)?.wait() ?? 127
    }
}
