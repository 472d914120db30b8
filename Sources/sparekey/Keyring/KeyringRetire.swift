import ArgumentParser
import EscrowAPI

/// `sparekey keyring retire`.
struct KeyringRetire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "Destroys the private half of a version that no secret needs any more."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The version's number, as `keyring show` has it.")
    var version: Int

    @Flag(help: "Do it: without this, only what it means is said.")
    var yes = false

    func run() async throws {
        guard self.yes else {
            throw Failure(
                """
                destroying version \(self.version) cannot be undone. What is sealed to it in a backup of the database opens \
                with the keyring in that backup and the master key of then, for as long as you keep both; not with this \
                keyring. Repeat it with --yes to do it.
                """
            )
        }
        let keyring: KeyringAnswer = try await AdminConnection.with(self.admin) {
            try await $0.delete("/api/keyring/versions/\(self.version)")
        }
        KeyringShow.print(keyring)
        Console.error(
            "Backups of before still have the private half, under the master key of then: destroy those that you need not keep."
        )
    }
}
