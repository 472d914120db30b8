import ArgumentParser
import EscrowAPI

/// `sparekey keyring add-recovery-recipient`.
struct KeyringAddRecoveryRecipient: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add-recovery-recipient",
        abstract: "Has everything sealed to an offline recovery key as well.",
        discussion: "New deposits are from now on; seal the rest to it with `sparekey keyring rewrap`."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The public half, as `recovery-key create` printed it.")
    var publicKey: String

    func run() async throws {
        let request = AddRecoveryKeyRequest(publicKey: self.publicKey)
        let keyring: KeyringAnswer = try await AdminConnection.with(self.admin) {
            try await $0.post("/api/keyring/recovery-keys", request)
        }
        KeyringShow.print(keyring)
    }
}

/// `sparekey keyring remove-recovery-recipient`.
struct KeyringRemoveRecoveryRecipient: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove-recovery-recipient",
        abstract: "Seals nothing more to an offline recovery key.",
        discussion:
            "What is sealed to it already opens with it until `sparekey keyring rewrap` has run, and in backups for ever."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The key's ID, as `keyring show` has it.")
    var id: String

    func run() async throws {
        let keyring: KeyringAnswer = try await AdminConnection.with(self.admin) {
            try await $0.delete("/api/keyring/recovery-keys/\(PercentEncoding.encode(self.id))")
        }
        KeyringShow.print(keyring)
    }
}
