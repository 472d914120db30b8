import ArgumentParser
import BitLocker
import EscrowAPI
import EscrowModel
import FoundationEssentials

/// `sparekey key reveal`.
struct KeyReveal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reveal",
        abstract: "Discloses a recovery password or recovery key. Who, what and why is recorded first.",
        discussion: """
            Say which key by the device, by the Key ID that its recovery screen shows, or by both. A recovery password \
            is printed alone on standard output, in its groups of six digits. A recovery key is written to a .BEK file: \
            give --output.
            """
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The device's ID or its exact name.")
    var device: String?

    @Option(help: ArgumentHelp("The Key ID of the recovery screen: its 8 digits, or all of it.", valueName: "digits"))
    var keyId: String?

    @Option(help: ArgumentHelp("Which volume, when the device has several with keys.", valueName: "id"))
    var volume: GUID?

    @Option(help: "Why: \(DisclosureReason.Code.allCases.map(\.rawValue).joined(separator: ", ")).")
    var reason: DisclosureReason.Code

    @Option(help: "The ticket that it belongs to.")
    var ticket: String?

    @Option(help: "A few words; needed when the reason is other.")
    var comment: String?

    @Option(
        help: ArgumentHelp(
            "The folder to write a .BEK file into, under the name that Windows needs.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var output: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard self.device != nil || self.keyId != nil else {
            throw ValidationError("Say which key: a device, or --key-id, or both.")
        }
    }

    func run() async throws {
        let answer = try await AdminConnection.with(self.admin) { connection in
            let (device, key) = try await self.find(connection)
            return try await connection.post(
                "\(APIPath.keys)/\(device)/reveal",
                RevealRequest(
                    keyId: key,
                    volumeId: self.volume,
                    reason: self.reason,
                    ticket: self.ticket,
                    comment: self.comment
                )
            ) as RevealAnswer
        }
        guard !self.json else { return try Console.print(json: answer) }
        if let password = answer.recoveryPassword {
            Console.print(password)
        } else {
            try self.write(answer)
        }
        if answer.proof != .proven {
            Console.error("Note: this key is \(answer.proof.rawValue); it may not open the volume.")
        }
        if let rotation = answer.rotationId { Console.error("It will be replaced: rotation \(rotation).") }
    }

    private func write(_ answer: RevealAnswer) throws {
        guard let text = answer.recoveryKey, let bytes = Data(base64Encoded: text), let name = answer.fileName,
            !name.contains("/")
        else { throw Failure("the server's answer has neither a recovery password nor a recovery key") }
        guard let folder = self.output else {
            throw Failure("the key is a .BEK file: say where to write it with --output DIR, or print it with --json")
        }
        try SmallFile.create("\(folder)/\(name)", Array(bytes))
        Console.error("\(folder)/\(name) is the recovery key; put it on a USB drive, under this name.")
    }

    /// The device, and the key where one was named.
    private func find(_ connection: AdminConnection) async throws -> (device: GUID, key: GUID?) {
        let named: GUID?
        if let name = self.device { named = try await connection.device(name) } else { named = nil }
        guard let digits = self.keyId else {
            guard let named else { throw Failure("say which key: a device, or --key-id, or both", code: 64) }
            return (named, nil)
        }
        if let key = GUID(digits), let named { return (named, key) }
        var query = Query()
        query.add("keyId", digits)
        query.add("deviceId", named?.description)
        let items: [KeyListItem] = try await connection.list(APIPath.keys, query, limit: nil)
        guard let item = items.first, let key = item.key else { throw Failure("no key has the Key ID \(digits)") }
        guard items.count == 1 else {
            let devices = items.map { "\($0.device.name) (\($0.device.id))" }.joined(separator: ", ")
            throw Failure("\(items.count) keys have the Key ID \(digits): name the device too: \(devices)")
        }
        return (item.device.id, key.keyId)
    }
}
