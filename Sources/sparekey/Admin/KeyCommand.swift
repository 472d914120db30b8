import ArgumentParser
import BitLocker
import EscrowAPI
import EscrowModel

/// `sparekey key …`.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Keys in escrow: list them, and disclose one.",
        subcommands: [KeyList.self, KeyReveal.self]
    )
}

/// `sparekey key list`.
struct KeyList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists volumes with their current keys, and no secret.",
        discussion: "With --key-id it finds the device that shows this Key ID on its recovery screen."
    )

    @OptionGroup var admin: AdminOptions
    @OptionGroup(title: "Only volumes that fit all of these") var filter: KeyFilterOptions

    @Option(help: ArgumentHelp("How many at most (default: all).", valueName: "count"))
    var limit: Int?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let query = self.filter.query
        let items: [KeyListItem] = try await AdminConnection.with(self.admin) { [limit] in
            try await $0.list(APIPath.keys, query, limit: limit)
        }
        guard !self.json else { return try Console.print(json: items) }
        var table = Table("DEVICE", "NAME", "VOLUME", "STATUS", "KEY", "PROOF", "DEPOSITED")
        for item in items {
            table.add(
                item.device.id.description,
                item.device.name,
                item.volume.label ?? item.volume.type.rawValue,
                item.volume.status.text,
                item.key?.keyId.description ?? "none",
                item.key?.proof.rawValue ?? "",
                item.key?.depositedAt.description ?? ""
            )
        }
        table.print(ifEmpty: "There are no such volumes.")
    }
}

/// What a list of keys is restricted to.
struct KeyFilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The Key ID of the recovery screen: its 8 digits, or all of it.", valueName: "digits"))
    var keyId: String?

    @Option(help: ArgumentHelp("The escrow status.", valueName: "status"))
    var status: EscrowStatus.State?

    @Option(help: ArgumentHelp("The status's reason, such as proofRefuted.", valueName: "reason"))
    var reason: EscrowStatus.Reason?

    @Option(help: ArgumentHelp("How the device's name begins.", valueName: "prefix"))
    var deviceName: String?

    @Option(help: "The device's serial number.")
    var serial: String?

    @Option(help: "The device's owner.")
    var owner: String?

    @Option(help: "The device's group.")
    var group: String?

    @Option(help: ArgumentHelp("Whether the current key is proven.", valueName: "proof"))
    var proof: EscrowedKey.ProofState?

    @Option(help: ArgumentHelp("The current key was deposited so many days ago or earlier.", valueName: "days"))
    var minAgeDays: Int?

    /// The same as the API's parameters.
    var query: Query {
        var query = Query()
        query.add("keyId", self.keyId)
        query.add("status", self.status?.rawValue)
        query.add("reason", self.reason?.rawValue)
        query.add("deviceName", self.deviceName)
        query.add("serial", self.serial)
        query.add("owner", self.owner)
        query.add("group", self.group)
        query.add("proof", self.proof?.rawValue)
        query.add("minAgeDays", self.minAgeDays.map { String($0) })
        return query
    }
}
