import ArgumentParser
import BitLocker
import EscrowAPI
import EscrowModel

/// `sparekey rotate`.
struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Asks a device to replace its recovery keys.",
        discussion: """
            The device adds a new key protector, deposits its secret, and removes the old one only when the new secret \
            is proven. It is told at its next check-in. Asking again while a rotation is open joins it.
            """
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The device's ID or its exact name.")
    var device: String

    @Option(help: ArgumentHelp("Only this volume (default: every present one that BitLocker guards).", valueName: "id"))
    var volume: GUID?

    @Flag(help: "The key is known to somebody who should not know it: the record says so.")
    var compromised = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let answer: RotateAnswer = try await AdminConnection.with(self.admin) { connection in
            let id = try await connection.device(self.device)
            return try await connection.post(
                "\(APIPath.keys)/\(id)/rotate",
                RotateRequest(volumeId: self.volume, trigger: self.compromised ? .compromised : .manual)
            )
        }
        guard !self.json else { return try Console.print(json: answer.rotations) }
        var table = Table("ROTATION", "VOLUME", "STATE", "TRIGGER", "DEADLINE")
        for rotation in answer.rotations {
            table.add(
                rotation.id.description,
                rotation.volumeId.description,
                rotation.state.rawValue,
                rotation.trigger.rawValue,
                rotation.deadline?.description ?? ""
            )
        }
        table.print(ifEmpty: "The device has no volume whose keys could be rotated.")
    }
}
