import ArgumentParser
import AuditLog
import BitLocker
import EscrowModel

/// `sparekey audit list`.
struct AuditList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists what was done, by whom and why; the newest first."
    )

    @OptionGroup var admin: AdminOptions

    @Option(help: ArgumentHelp("Who did it: a token's name, or a principal such as device:ID.", valueName: "who"))
    var caller: String?

    @Option(help: ArgumentHelp("The device it is about: its ID or its exact name.", valueName: "device"))
    var device: String?

    @Option(help: ArgumentHelp("What happened, such as key.disclosed.", valueName: "kind"))
    var kind: AuditEvent.Kind?

    @Option(help: ArgumentHelp("The network address it came from.", valueName: "address"))
    var source: String?

    @Option(help: "How it ended: success, denied or failure.")
    var outcome: AuditEvent.Outcome?

    @Option(help: ArgumentHelp("At this time or later, such as 2026-11-24T13:10:00Z.", valueName: "time"))
    var since: Timestamp?

    @Option(help: ArgumentHelp("Before this time.", valueName: "time"))
    var before: Timestamp?

    @Option(help: ArgumentHelp("How many at most.", valueName: "count"))
    var limit = 100

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let entries = try await AdminConnection.with(self.admin) { connection in
            var query = Query()
            query.add("caller", self.caller)
            if let device = self.device { query.add("device", try await connection.device(device).description) }
            query.add("kind", self.kind?.rawValue)
            query.add("source", self.source)
            query.add("outcome", self.outcome?.rawValue)
            query.add("since", self.since?.description)
            query.add("before", self.before?.description)
            return try await self.entries(query, connection)
        }
        guard !self.json else { return Self.print(json: entries) }
        var table = Table("INDEX", "TIME", "WHAT", "OUTCOME", "WHO", "DEVICE", "WHY")
        for entry in entries {
            let record = entry["record"] ?? .null
            table.add(
                entry["index"]?.shown ?? "",
                entry["time"]?.shown ?? "",
                record["kind"]?.shown ?? "erased",
                record["outcome"]?.shown ?? "",
                record["caller"]?["name"]?.shown ?? "",
                record["deviceName"]?.shown ?? record["device"]?.shown ?? "",
                Self.why(record)
            )
        }
        table.print(ifEmpty: "There are no such entries.")
    }

    /// Gets the entries with their records as the log has them, which have no fixed set of members.
    private func entries(_ query: Query, _ connection: AdminConnection) async throws -> [CanonicalJSON] {
        var entries: [CanonicalJSON] = []
        var cursor: String?
        repeat {
            var page = query
            page.add("limit", String(max(1, min(500, self.limit - entries.count))))
            page.add("cursor", cursor)
            let bytes = try await connection.bytes(page.target("\(APIPath.keys)/audit"))
            guard let document = try? CanonicalJSON(parsing: bytes), case .array(let items) = document["items"] else {
                throw Failure("the server's answer cannot be read; is it a Sparekey server of version \(Version.text)?")
            }
            entries += items
            cursor = document["next"]?.shown
        } while cursor != nil && entries.count < self.limit
        return entries
    }

    private static func print(json entries: [CanonicalJSON]) {
        Console.print("[")
        for (number, entry) in entries.enumerated() {
            let comma = number + 1 < entries.count ? "," : ""
            Console.print("  " + String(decoding: entry.bytes, as: UTF8.self) + comma)
        }
        Console.print("]")
    }

    private static func why(_ record: CanonicalJSON) -> String {
        let parts = [
            record["reason"]?["code"]?.shown, record["reason"]?["ticket"]?.shown, record["reason"]?["comment"]?.shown,
            record["detail"]?.shown,
        ]
        return parts.compactMap { $0 }.joined(separator: ", ")
    }
}
