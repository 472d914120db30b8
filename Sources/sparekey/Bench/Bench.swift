import ArgumentParser

/// A part of the benchmark.
enum BenchSection: String, CaseIterable, ExpressibleByArgument {
    case prove
    case http
    case scale
    case log
    case keys
}

/// Everything that was measured.
struct BenchReport: Encodable {
    /// On what.
    let machine = BenchMachine()
    /// What a proof costs.
    var prove: BenchProve.Result?
    /// What the server does in a second.
    var http: BenchHTTP.Result?
    /// How long looking up takes.
    var scale: BenchScale.Result?
    /// How fast the audit log leaves and is verified.
    var log: BenchLog.Result?
    /// What the place of the master key and the seal's algorithms cost.
    var keys: BenchKeys.Result?
}

/// `sparekey bench`.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures this machine, as ratios of what it can do.",
        discussion: """
            Each figure stands beside its floor from the same run: the bare chain of hashes, the disk's fdatasync, bare \
            SQLite, the server's empty answer. Figures are medians of rounds in which everything takes its turn, so the \
            ratios hold on a busy machine too; the absolute figures are this machine's at this hour.

            All of it takes about five minutes and two gigabytes in a temporary directory, which is removed at the end. \
            docs/performance.md explains the figures.
            """
    )

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Measure these parts only: prove, http, scale, log, keys.", valueName: "part")
    )
    var only: [BenchSection] = []

    @Option(help: ArgumentHelp("The disk to measure: a directory on it.", valueName: "dir"))
    var directory = "."

    @Option(help: ArgumentHelp("How many rounds.", valueName: "count"))
    var rounds = 5

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Numbers of connections.", valueName: "count")
    )
    var connections: [Int] = [1, 16, 64, 256]

    @Option(help: ArgumentHelp("How many seconds each measurement of a round takes.", valueName: "seconds"))
    var seconds = 1.0

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Numbers of keys.", valueName: "count"))
    var keys: [Int] = [10_000, 1_000_000]

    @Option(help: ArgumentHelp("How many records the audit log has.", valueName: "count"))
    var records = 1_000_000

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (1...1000).contains(self.rounds) else { throw ValidationError("--rounds must be 1 to 1000") }
        guard !self.connections.isEmpty, self.connections.allSatisfy({ (1...1024).contains($0) }) else {
            throw ValidationError("--connections must be 1 to 1024")
        }
        guard self.seconds > 0, self.seconds <= 60 else { throw ValidationError("--seconds must be up to 60") }
        guard !self.keys.isEmpty, self.keys.allSatisfy({ (1...10_000_000).contains($0) }) else {
            throw ValidationError("--keys must be 1 to 10000000")
        }
    }

    func run() async throws {
        guard (1...100_000_000).contains(self.records) else {
            throw Failure("--records must be 1 to 100000000", code: 64)
        }
        let directory = try TemporaryDirectory(in: self.directory, named: "sparekey-bench")
        defer { directory.remove() }
        var report = BenchReport()
        self.show([report.machine.line])
        if self.measures(.prove) {
            let result = try BenchProve(rounds: self.rounds, directory: directory.path).run()
            report.prove = result
            self.show(result.lines)
        }
        if self.measures(.http) {
            let settings = BenchHTTP.Settings(
                directory: directory.path,
                rounds: self.rounds,
                connections: self.connections,
                seconds: self.seconds
            )
            var progress = Progress("http")
            let result = try BenchHTTP(settings: settings).run { progress.show($0, of: $1) }
            progress.end()
            report.http = result
            self.show(result.lines)
        }
        if self.measures(.scale) {
            var progress = Progress("keys")
            let result = try await BenchScale(directory: directory.path, sizes: self.keys).run {
                progress.show($0, of: $1)
            }
            progress.end()
            report.scale = result
            self.show(result.lines)
        }
        if self.measures(.log) {
            var progress = Progress("records")
            let result = try await BenchLog(directory: directory.path, records: self.records).run {
                progress.show($0, of: $1)
            }
            progress.end()
            report.log = result
            self.show(result.lines)
        }
        if self.measures(.keys) {
            var progress = Progress("keys' places")
            let result = try BenchKeys(directory: directory.path, rounds: self.rounds, seconds: self.seconds).run {
                progress.show($0, of: $1)
            }
            progress.end()
            report.keys = result
            self.show(result.lines)
        }
        if self.json { try Console.print(json: report) }
    }

    private func measures(_ section: BenchSection) -> Bool { self.only.isEmpty || self.only.contains(section) }

    private func show(_ lines: [String]) {
        guard !self.json else { return }
        for line in lines + [""] { Console.print(line) }
    }
}
