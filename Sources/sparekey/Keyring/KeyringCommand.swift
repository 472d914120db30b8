import ArgumentParser

/// `sparekey keyring …`: the keys that everything in escrow is sealed to.
struct KeyringCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyring",
        abstract: "The keyring: the keys that secrets are sealed to, and the master key that wraps them.",
        discussion: "On the server's own machine only: give --data.",
        subcommands: [
            KeyringShow.self, KeyringRotate.self, KeyringRewrapCommand.self, KeyringRetire.self,
            KeyringAddRecoveryRecipient.self, KeyringRemoveRecoveryRecipient.self, KeyringExportIngest.self,
            KeyringChangeProvider.self,
        ]
    )
}
