import ArgumentParser
import BitLocker
import EscrowAPI
import EscrowModel

/// `sparekey device …`.
struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Devices, and where their escrow stands.",
        subcommands: [
            DeviceList.self, DeviceShow.self, DeviceMove.self, DeviceRetire.self, DeviceHold.self, DeviceRelease.self,
        ]
    )
}

/// `sparekey device list`.
struct DeviceList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the devices with the status of their escrow."
    )

    @OptionGroup var admin: AdminOptions

    @Option(help: ArgumentHelp("Only devices whose name begins like this.", valueName: "prefix"))
    var name: String?

    @Option(help: ArgumentHelp("How many at most (default: all).", valueName: "count"))
    var limit: Int?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        var query = Query()
        query.add("name", self.name)
        let devices: [DeviceDocument] = try await AdminConnection.with(self.admin) { [query, limit] in
            try await $0.list("/api/devices", query, limit: limit)
        }
        guard !self.json else { return try Console.print(json: devices) }
        var table = Table("DEVICE", "NAME", "GROUP", "OWNER", "STATUS", "REASON", "LAST SEEN")
        for device in devices {
            table.add(
                device.id.description,
                device.name,
                device.group,
                device.owner ?? "",
                device.state == .retired ? "retired" : device.status.state.rawValue,
                device.status.reason == .none ? "" : device.status.reason.rawValue,
                device.lastSeenAt.description
            )
        }
        table.print(ifEmpty: "There are no such devices.")
    }
}

/// `sparekey device show`.
struct DeviceShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a device with its volumes, keys and rotations, and no secret."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The device's ID or its exact name.")
    var device: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let document: DeviceKeysDocument = try await AdminConnection.with(self.admin) { connection in
            let id = try await connection.device(self.device)
            return try await connection.get("\(APIPath.keys)/\(id)")
        }
        guard !self.json else { return try Console.print(json: document) }
        let device = document.device
        Console.print("\(device.name)  \(device.id)")
        Console.print("Status   \(device.status.text), since \(device.status.since)")
        Console.print("Group    \(device.group)")
        if let owner = device.owner { Console.print("Owner    \(owner)") }
        if let serial = device.serial { Console.print("Serial   \(serial)") }
        if let system = device.operatingSystem { Console.print("System   \(system)") }
        Console.print("Seen     \(device.lastSeenAt), enrolled \(device.enrolledAt)")
        if device.state == .retired { Console.print("Retired  its keys stay") }
        if device.legalHold { Console.print("Hold     a legal hold keeps its keys") }
        for volume in document.volumes { Self.print(volume) }
    }

    private static func print(_ item: DeviceKeysDocument.VolumeKeys) {
        let volume = item.volume
        Console.print("")
        let place = [volume.label, volume.type.rawValue].compactMap { $0 }.joined(separator: ", ")
        Console.print("Volume \(volume.id) (\(place))\(volume.present ? "" : ", no longer reported")")
        Console.print("  \(volume.status.text); protection \(volume.protection.rawValue)")
        if let rotation = item.rotation {
            Console.print("  rotation \(rotation.id): \(rotation.state.rawValue), \(rotation.trigger.rawValue)")
        }
        for key in item.keys {
            let proof = key.proofReason.map { "\(key.proof.rawValue): \($0)" } ?? key.proof.rawValue
            Console.print("  key \(key.keyId)  \(key.type.rawValue), \(key.state.rawValue), \(proof)")
        }
    }
}

extension StatusDocument {
    /// State and reason, for people.
    var text: String { self.reason == .none ? self.state.rawValue : "\(self.state.rawValue) (\(self.reason.rawValue))" }
}

/// The API's paths.
enum APIPath {
    /// Keys, by device.
    static let keys = "/api/devices/security/bitlocker/keys"
    /// Leak responses.
    static let compromises = "/api/compromises"
    /// Emergency access.
    static let breakGlass = "/api/break-glass"
}

extension AdminConnection {
    /// The ID of a device that is named by its ID or its exact name.
    func device(_ name: String) async throws -> GUID {
        if let id = GUID(name) { return id }
        var query = Query()
        query.add("name", name)
        let devices: [DeviceDocument] = try await self.list("/api/devices", query, limit: nil)
        let found = devices.filter { $0.name.lowercased() == name.lowercased() && $0.state == .active }
        guard let device = found.first else {
            throw Failure("there is no device \(name); `sparekey device list` shows those there are")
        }
        guard found.count == 1 else {
            let ids = found.map(\.id.description).joined(separator: ", ")
            throw Failure("\(found.count) devices are called \(name); give the ID of one: \(ids)")
        }
        return device.id
    }
}
