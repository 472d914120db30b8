import FoundationEssentials
import Glibc

/// Another process: of this very program, or of one that a server needs beside it.
struct BenchProcess {
    /// The process's number.
    let pid: pid_t

    /// Runs a command to its end, and gives the first line of what it prints.
    ///
    /// When it fails it is run once more, for its own words about why to be seen.
    static func output(of arguments: [String]) throws -> String {
        if let line = try Self.firstLine(of: arguments, isQuiet: true) { return line }
        if let line = try Self.firstLine(of: arguments, isQuiet: false) { return line }
        throw Failure("`sparekey \(arguments.joined(separator: " "))` failed")
    }

    private static func firstLine(of arguments: [String], isQuiet: Bool) throws -> String? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure("cannot make a pipe: \(SmallFile.reason)") }
        let process: BenchProcess
        do {
            defer { close(ends[1]) }
            process = try BenchProcess(arguments, standardOutput: ends[1], isQuiet: isQuiet)
        } catch {
            close(ends[0])
            throw error
        }
        guard let output = fdopen(ends[0], "r") else { throw Failure("cannot read a pipe: \(SmallFile.reason)") }
        defer { fclose(output) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        let length = getline(&line, &capacity, output)
        guard process.wait() == 0, length > 0, let line else { return nil }
        return String(String(cString: line).prefix { $0 != "\n" })
    }

    /// Begins a command.
    ///
    /// - Parameters:
    ///   - arguments: the program's arguments: for Sparekey, the subcommand and its flags.
    ///   - program: another program than Sparekey, looked for on the PATH.
    ///   - standardOutput: where its standard output goes; nil for nowhere.
    ///   - isQuiet: whether its standard error goes nowhere too.
    init(_ arguments: [String], of program: String? = nil, standardOutput: Int32? = nil, isQuiet: Bool) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        if let standardOutput {
            posix_spawn_file_actions_adddup2(&actions, standardOutput, STDOUT_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        }
        if isQuiet { posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) }
        var words: [UnsafeMutablePointer<CChar>?] = ([program ?? "sparekey"] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        var pid = pid_t()
        let code =
            if let program {
                posix_spawnp(&pid, program, &actions, nil, words, environ)
            } else {
                posix_spawn(&pid, "/proc/self/exe", &actions, nil, words, environ)
            }
        guard code == 0 else {
            throw Failure("cannot run \(program ?? "sparekey"): \(String(cString: strerror(code)))")
        }
        self.pid = pid
    }

    /// Asks the process to end, and waits for it.
    func stop() {
        kill(self.pid, SIGTERM)
        _ = self.wait()
    }

    /// Waits for the end, and gives the exit code; -1 when it was killed.
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(self.pid, &status, 0) < 0 {
            guard errno == EINTR else { return -1 }
        }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : -1
    }

    /// Whether it has ended; then it must not be waited for any more.
    var hasEnded: Bool { waitpid(self.pid, nil, WNOHANG) == self.pid }

    /// Its number, and those of the processes that it has started: of a server, its opener.
    var family: [pid_t] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(self.pid)/task")) ?? []
        return tasks.reduce(into: [self.pid]) { family, task in
            let children = Self.fields(of: "/proc/\(self.pid)/task/\(task)/children")
            family += children.compactMap { pid_t($0) }
        }
    }

    /// The memory that it and its family hold, in bytes; 0 when there is no such process.
    var residentBytes: Int {
        self.family.reduce(0) { sum, pid in
            let fields = Self.fields(of: "/proc/\(pid)/statm")
            guard fields.count > 1, let pages = Int(fields[1]) else { return sum }
            return sum + pages * sysconf(Int32(_SC_PAGESIZE))
        }
    }

    /// The words of a file's first line.
    private static func fields(of path: String) -> [Substring] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        guard getline(&line, &capacity, file) > 0, let line else { return [] }
        return String(cString: line).split { $0 == " " || $0 == "\n" }
    }
}

/// A server of our own, in another process, on an empty data directory.
struct BenchServer {
    private let process: BenchProcess
    /// The port of 127.0.0.1 it listens on.
    let port: UInt16
    /// How long it took from the start of the process to the first answer, in seconds.
    let startSeconds: Double

    /// Starts a server and waits until it answers.
    ///
    /// - Parameters:
    ///   - directory: its data directory.
    ///   - arguments: what else to tell it.
    init(data directory: String, _ arguments: [String] = []) throws {
        self.port = try Self.freePort()
        let begin = BenchClock.now
        self.process = try BenchProcess(
            [
                "serve", "--data", directory, "--listen", "127.0.0.1:\(self.port)", "--opener-caller-cap", "never",
                "--opener-total-cap", "never",
            ] + arguments,
            isQuiet: true
        )
        while !Self.answers(on: self.port) {
            guard BenchClock.now - begin < 30, !self.process.hasEnded else {
                throw Failure("the server does not start; see what `sparekey serve --data \(directory)` says")
            }
            usleep(500)
        }
        self.startSeconds = BenchClock.now - begin
    }

    /// The memory that it and its opener hold, in bytes.
    var residentBytes: Int { self.process.residentBytes }

    /// The processor time that it and its opener have used, in seconds.
    var processorTime: Double {
        self.process.family.reduce(0) { $0 + BenchClock.processorTime(of: $1) }
    }

    /// Ends it.
    func stop() { self.process.stop() }

    private static func answers(on port: UInt16) -> Bool {
        guard let connection = try? BenchSocket(port: port) else { return false }
        return (try? connection.status(of: BenchRequest.get("/healthz"))) == 200
    }

    /// A port that nobody listens on at this moment.
    static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("cannot make a socket: \(SmallFile.reason)") }
        defer { close(descriptor) }
        var address = BenchSocket.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
            }
        }
        guard code == 0 else { throw Failure("cannot find a free port: \(SmallFile.reason)") }
        return UInt16(bigEndian: address.sin_port)
    }
}
