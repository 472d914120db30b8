import BitLocker
import CBench
import CSQLite
import Glibc

/// What was measured on.
struct BenchMachine: Encodable {
    /// How many processors the system shows.
    let cores: Int
    /// The processor's own name.
    let processor: String
    /// Which implementation of the chained hash runs here.
    let chain: String
    /// The version of SQLite.
    let sqlite: String

    /// This machine.
    init() {
        self.cores = max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)
        self.processor = Self.processorName ?? "unknown processor"
        self.chain = Stretch.implementation
        self.sqlite = String(cString: sqlite3_libversion())
    }

    /// One line for people.
    var line: String {
        "\(self.cores) cores, \(self.processor), chained hash by \(self.chain), SQLite \(self.sqlite)"
    }

    private static var processorName: String? {
        guard let file = fopen("/proc/cpuinfo", "r") else { return nil }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0 {
            guard let text = line.map({ String(cString: $0) }), text.hasPrefix("model name") else { continue }
            guard let colon = text.firstIndex(of: ":") else { return nil }
            return String(text[text.index(after: colon)...].drop { $0 == " " }.prefix { $0 != "\n" })
        }
        return nil
    }
}

/// Clocks, in seconds.
enum BenchClock {
    /// Time that only goes forward.
    static var now: Double { sparekey_bench_now() }

    /// The processor time that this thread has used.
    static var processorTimeOfThread: Double { sparekey_bench_thread_time() }

    /// The processor time that a process has used; 0 when there is no such process.
    static func processorTime(of process: pid_t) -> Double { sparekey_bench_process_time(process) }

    /// The processor time that something takes on this thread: on a busy machine it waits, but does not work, for longer.
    static func processorSeconds(of work: () throws -> Void) rethrows -> Double {
        let begin = Self.processorTimeOfThread
        try work()
        return Self.processorTimeOfThread - begin
    }
}
