import ArgumentParser
import BitLocker
import EscrowAPI

/// `sparekey device move`.
struct DeviceMove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move",
        abstract: "Assigns a device to a group, whatever the policy file says of it."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The device's ID or its exact name.")
    var device: String

    @Option(help: "The group.")
    var group: String?

    @Flag(help: "Take the assignment back: the policy file and the enrolment token decide.")
    var byRule = false

    func validate() throws {
        guard (self.group == nil) == self.byRule else { throw ValidationError("Give either --group or --by-rule.") }
    }

    func run() async throws {
        let device: DeviceDocument = try await AdminConnection.with(self.admin) { connection in
            let id = try await connection.device(self.device)
            return try await connection.put("/api/devices/\(id)/group", MoveDeviceRequest(group: self.group))
        }
        Console.print("\(device.name) is in the group \(device.group)")
    }
}
