import ArgumentParser
import EscrowModel

/// `sparekey audit report`.
struct AuditReport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Sums up what somebody should look at: emergency access first, then refusals, failures, disclosures.",
        discussion: """
            Then alarms of limits, keys still in use though they were disclosed, rotations that do not end, and servers that \
            do not get the log. For administrators and auditors with the whole fleet in scope.
            """
    )

    @OptionGroup var admin: AdminOptions

    @Option(help: ArgumentHelp("How far back, such as 24h or 7d, or since when.", valueName: "span|time"))
    var since = ReportStart.before(.days(7))

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let until = Installation.clock()
        let since = self.since.time(before: until)
        let report = try await AdminConnection.with(self.admin) { connection in
            try await ReportReader.report(connection, since: since, until: until)
        }
        guard !self.json else { return try Console.print(json: report) }
        for line in report.lines { Console.print(line) }
    }
}

/// When a report begins.
enum ReportStart: ExpressibleByArgument {
    /// So long before now.
    case before(TimeSpan)
    /// At a time.
    case at(Timestamp)

    /// Reads a span such as `7d`, or RFC 3339.
    init?(argument: String) {
        if let span = TimeSpan(argument) {
            self = .before(span)
        } else if let time = Timestamp(argument) {
            self = .at(time)
        } else {
            return nil
        }
    }

    /// As help shows a default.
    var defaultValueDescription: String {
        switch self {
        case .before(let span): "\(span.milliseconds / TimeSpan.days(1).milliseconds)d"
        case .at(let time): time.description
        }
    }

    /// The time.
    func time(before now: Timestamp) -> Timestamp {
        switch self {
        case .before(let span): now - span
        case .at(let time): time
        }
    }
}
