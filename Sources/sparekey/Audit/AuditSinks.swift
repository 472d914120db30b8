import ArgumentParser
import EscrowAPI
import EscrowModel

/// `sparekey audit sinks`.
struct AuditSinks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sinks",
        abstract: "Shows the servers that the log is delivered to, how far each has got, and what is wrong.",
        discussion: """
            Sinks are configured in the server's configuration file only; docs/siem.md has examples. While no server runs \
            it is not known what is wrong.
            """
    )

    @OptionGroup var admin: AdminOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let sinks: PageDocument<AuditSinkDocument> = try await AdminConnection.with(self.admin) { connection in
            try await connection.get("\(APIPath.keys)/audit/sinks")
        }
        guard !self.json else { return try Console.print(json: sinks.items) }
        var table = Table("NAME", "TARGET", "DELIVERED", "LAG", "LAST", "STATE")
        for sink in sinks.items {
            table.add(
                sink.name,
                sink.target,
                String(sink.deliveredSize),
                String(sink.lag),
                sink.deliveredAt?.description ?? "never",
                Self.state(sink)
            )
        }
        table.print(ifEmpty: "There are no sinks: see docs/siem.md.")
    }

    private static func state(_ sink: AuditSinkDocument) -> String {
        if let removedAt = sink.removedAt { return "not configured since \(removedAt)" }
        guard let problem = sink.problem, let since = sink.problemSince else { return "" }
        return "since \(since): \(problem)"
    }
}
