import ArgumentParser
import BitLocker
import EscrowAPI
import EscrowModel

/// `sparekey device retire`.
struct DeviceRetire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "Takes a device out of use: its credential ends, its keys stay for their retention."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The device's ID or its exact name.")
    var device: String

    func run() async throws {
        let document: DeviceDocument = try await AdminConnection.with(self.admin) { connection in
            let id = try await connection.device(self.device)
            return try await connection.post("/api/devices/\(id)/retire")
        }
        Console.error("\(document.name) is retired.")
    }
}

/// `sparekey device hold`.
struct DeviceHold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Sets a legal hold: no key of the device is purged while it stands."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The device's ID, or its exact name while it is in use.")
    var device: String

    func run() async throws {
        let document = try await self.admin.setLegalHold(true, on: self.device)
        Console.error("\(document.name) is on legal hold.")
    }
}

/// `sparekey device release`.
struct DeviceRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Lifts a legal hold: keys are purged when their retention has ended."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The device's ID, or its exact name while it is in use.")
    var device: String

    func run() async throws {
        let document = try await self.admin.setLegalHold(false, on: self.device)
        Console.error("\(document.name) is on no legal hold.")
    }
}

/// `sparekey rotation …`.
struct RotationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotation",
        abstract: "Rotations that were asked for.",
        subcommands: [RotationCancel.self]
    )
}

/// `sparekey rotation cancel`.
struct RotationCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Calls a rotation off that its device has not fetched yet."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The rotation's ID, as `rotate` and `device show` print it.")
    var id: GUID

    func run() async throws {
        let document: RotationDocument = try await AdminConnection.with(self.admin) {
            try await $0.post("/api/rotations/\(self.id)/cancel")
        }
        Console.error("Rotation \(document.id) is \(document.state.rawValue).")
    }
}

extension AdminOptions {
    fileprivate func setLegalHold(_ hold: Bool, on device: String) async throws -> DeviceDocument {
        try await AdminConnection.with(self) { connection in
            let id = try await connection.device(device)
            return try await connection.put("/api/devices/\(id)/legal-hold", LegalHoldRequest(hold: hold))
        }
    }
}
