import ArgumentParser
import EscrowAPI
import EscrowModel

/// `sparekey compromise start`, which is what `compromise` does when nothing else is said.
struct CompromiseStart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Counts what would be replaced; with --yes, starts it.",
        discussion: """
            Give one of --device, --group and --disclosed-to. Each key is marked compromised and its rotation asked for, at \
            once and before any that waits; a device does it at its next check-in. A rotation that fails is asked for again, \
            three times in all. The server goes on where it was after a restart. The same again joins what is under way.
            """
    )

    @OptionGroup var admin: AdminOptions

    @Option(help: ArgumentHelp("Every key of this device: its ID or its exact name.", valueName: "device"))
    var device: String?

    @Option(help: ArgumentHelp("Every key of this device group.", valueName: "group"))
    var group: String?

    @Option(
        help: ArgumentHelp(
            "What was disclosed to this caller: a token's name, or a principal such as breakGlass:ID.",
            valueName: "caller"
        )
    )
    var disclosedTo: String?

    @Option(help: ArgumentHelp("Since when, such as 2026-11-24T13:10:00Z; with --disclosed-to.", valueName: "time"))
    var since: Timestamp?

    @Option(help: ArgumentHelp("How many rotations to ask for in a minute.", valueName: "count"))
    var perMinute = 60

    @Flag(help: "Do it. Without this, it is only counted.")
    var yes = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard [self.device, self.group, self.disclosedTo].compactMap({ $0 }).count == 1 else {
            throw ValidationError("Give exactly one of --device, --group and --disclosed-to.")
        }
        guard (self.disclosedTo == nil) == (self.since == nil) else {
            throw ValidationError("--disclosed-to and --since go together.")
        }
        guard Compromise.rates.contains(self.perMinute) else {
            throw ValidationError("--per-minute must be 1 to 10000.")
        }
    }

    func run() async throws {
        try await AdminConnection.with(self.admin) { connection in
            var request = CompromiseRequest(
                group: self.group,
                disclosedTo: self.disclosedTo,
                since: self.since,
                perMinute: self.perMinute
            )
            if let device = self.device { request.deviceId = try await connection.device(device) }
            guard self.yes else {
                request.dryRun = true
                let preview: CompromisePreviewDocument = try await connection.post(APIPath.compromises, request)
                guard !self.json else { return try Console.print(json: preview) }
                Console.print("\(preview.keys) keys on \(preview.volumes) volumes of \(preview.devices) devices")
                return Console.error("Nothing was done. Say --yes to have them replaced.")
            }
            let document: CompromiseDocument = try await connection.post(APIPath.compromises, request)
            guard !self.json else { return try Console.print(json: document) }
            document.print()
            Console.error("`sparekey compromise show \(document.id)` says how far it has come.")
        }
    }
}
