import ArgumentParser
import BitLocker
import EscrowAPI
import EscrowModel

/// `sparekey compromise …`: the answer to a leak.
struct CompromiseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compromise",
        abstract: "Answers a leak: marks keys compromised and has all of them replaced, in waves.",
        subcommands: [CompromiseStart.self, CompromiseList.self, CompromiseShow.self, CompromiseCancel.self],
        defaultSubcommand: CompromiseStart.self
    )
}

/// `sparekey compromise list`.
struct CompromiseList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the latest leak responses; the newest first."
    )

    @OptionGroup var admin: AdminOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let page: PageDocument<CompromiseDocument> = try await AdminConnection.with(self.admin) {
            try await $0.get(APIPath.compromises)
        }
        guard !self.json else { return try Console.print(json: page.items) }
        var table = Table("ID", "STATE", "OF", "STARTED", "TOTAL", "COMPLETED", "FAILED", "NOT REACHABLE")
        for item in page.items {
            table.add(
                item.id.description,
                item.state.rawValue,
                item.targetText,
                item.startedAt.description,
                String(item.total),
                String(item.completed),
                String(item.failed),
                String(item.notReachable)
            )
        }
        table.print(ifEmpty: "There was no leak response.")
    }
}

/// `sparekey compromise show`.
struct CompromiseShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows how far a leak response has come."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The ID, as `compromise list` shows it.")
    var id: GUID

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let document: CompromiseDocument = try await AdminConnection.with(self.admin) {
            try await $0.get("\(APIPath.compromises)/\(self.id)")
        }
        guard !self.json else { return try Console.print(json: document) }
        document.print()
    }
}

/// `sparekey compromise cancel`.
struct CompromiseCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Calls a leak response off. Rotations that were asked for go on. Doing it twice does no harm."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The ID, as `compromise list` shows it.")
    var id: GUID

    func run() async throws {
        let document: CompromiseDocument = try await AdminConnection.with(self.admin) {
            try await $0.post("\(APIPath.compromises)/\(self.id)/cancel")
        }
        document.print()
    }
}

extension CompromiseDocument {
    /// Whose keys it is about, for people.
    var targetText: String {
        if let deviceId { return "device \(deviceId)" }
        if let group { return "group \(group)" }
        return "disclosed to \(self.disclosedTo ?? "") since \(self.since?.description ?? "")"
    }

    /// Prints it for people.
    func print() {
        Console.print("Leak response \(self.id): \(self.state.rawValue)")
        Console.print("Of             \(self.targetText)")
        Console.print("Started        \(self.startedAt) by \(self.startedBy); \(self.perMinute) rotations a minute")
        if let finishedAt { Console.print("Ended          \(finishedAt)") }
        Console.print("Volumes        \(self.total)")
        Console.print("  waiting      \(self.waiting)")
        Console.print("  requested    \(self.requested), of which \(self.unheard) not heard from since the start")
        Console.print("  completed    \(self.completed)")
        Console.print("  failed       \(self.failed)")
        Console.print("  unreachable  \(self.notReachable)")
    }
}
