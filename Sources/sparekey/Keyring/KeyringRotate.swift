import ArgumentParser
import EscrowAPI

/// `sparekey keyring rotate`.
struct KeyringRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Makes a new key pair that secrets are sealed to from now on; the old one opens what it did.",
        discussion: """
            No request fails meanwhile. Afterwards seal the rest to it too, with `sparekey keyring rewrap`, and destroy the old \
            one with `sparekey keyring retire`.
            """
    )

    @OptionGroup var admin: AdminOptions

    @Option(
        help: ArgumentHelp(
            "The algorithms: p256, or xWing, which holds against a quantum computer as well (default: the active one's).",
            valueName: "suite"
        )
    )
    var suite: String?

    func run() async throws {
        let request = RotateKeyringRequest(suite: self.suite)
        let keyring: KeyringAnswer = try await AdminConnection.with(self.admin) {
            try await $0.post("/api/keyring/rotate", request)
        }
        KeyringShow.print(keyring)
    }
}
