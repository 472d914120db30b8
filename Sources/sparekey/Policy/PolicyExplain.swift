import ArgumentParser
import BitLocker
import EscrowAPI
import EscrowModel

/// `sparekey policy explain`.
struct PolicyExplain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tells what would come of a disclosure, rule by rule. Nothing is disclosed or counted.",
        discussion: "Ends with 0 when the disclosure would be made, and with 1 when not."
    )

    @OptionGroup var admin: AdminOptions

    @Option(help: "Whose it would be: an API token's ID or name, or operator:NAME.")
    var caller: String

    @Option(help: "The device's ID or its exact name.")
    var device: String

    @Option(help: ArgumentHelp("When (default: now).", valueName: "time"))
    var at: Timestamp?

    @Option(help: ArgumentHelp("From which IP address (default: yours); local for the console.", valueName: "address"))
    var from: String?

    @Option(help: "Why (default: other): \(DisclosureReason.Code.allCases.map(\.rawValue).joined(separator: ", ")).")
    var reason: DisclosureReason.Code?

    @Option(help: "The ticket that it belongs to.")
    var ticket: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let explained: PolicyExplanation = try await AdminConnection.with(self.admin) { connection in
            var query = Query()
            query.add("caller", self.caller)
            query.add("deviceId", try await connection.device(self.device).description)
            query.add("at", self.at?.description)
            query.add("from", self.from)
            query.add("reason", self.reason?.rawValue)
            query.add("ticket", self.ticket)
            return try await connection.get(query.target("/api/policy/explain"))
        }
        if self.json { try Console.print(json: explained) } else { Self.print(explained) }
        guard explained.allowed else { throw ExitCode(1) }
    }

    private static func print(_ explained: PolicyExplanation) {
        Console.print("\(explained.caller), \(explained.role.rawValue); device group \(explained.group)")
        Console.print("policy \(explained.policy)")
        Console.print("")
        let matrix = explained.matrixAllows ? "allows" : "refuses"
        Console.print("  role matrix: \(matrix) (\(explained.matrixRule))")
        for rule in explained.rules {
            let answer =
                !rule.inScope
                ? "is about other disclosures"
                : rule.refusals.isEmpty ? "allows" : "refuses (\(rule.refusals.joined(separator: ", ")))"
            Console.print("  rule \(rule.rule): \(answer)")
        }
        for limit in explained.limits {
            Console.print(
                "  limit of \(limit.rule), \(limit.subject) per \(limit.window): \(limit.used) of \(limit.maximum) used"
            )
        }
        if let roles = explained.approvalBy {
            let names = roles.map(\.rawValue).joined(separator: " or ")
            Console.print("  approval: by somebody else who is \(names.isEmpty ? "nobody: no role may" : names)")
        }
        if let seconds = explained.replacedAfterSeconds {
            Console.print("  the disclosed key is replaced after \(TimeSpan.seconds(Int64(seconds)))")
        }
        Console.print("")
        Console.print(explained.allowed ? "The key would be disclosed." : "The disclosure would be refused.")
    }
}
