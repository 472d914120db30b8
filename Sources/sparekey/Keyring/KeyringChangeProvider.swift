import ArgumentParser
import EscrowAPI
import EscrowCrypto
import EscrowModel
import MasterKeyProviders

/// `sparekey keyring change-provider`.
struct KeyringChangeProvider: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "change-provider",
        abstract: "Wraps the keyring under another master key: another file, a passphrase, a token, a key service.",
        discussion: """
            Give the new place with the --to- flags; a master key that is not there is made. While the server runs, it reads \
            the files that are named, so they must be its user's. While it does not, the present master key is given with \
            the flags of `serve`. No record in escrow is touched, and old backups go on to need the old master key.

            Afterwards change the server's settings to the new place: it is needed at the next start.
            """
    )

    @OptionGroup var admin: AdminOptions

    @OptionGroup(title: "The new master key")
    var new: NewMasterKeyOptions

    func run() async throws {
        guard case .local(let directory) = try self.admin.target() else {
            throw Failure("the master key can be changed on the server's own machine only: give --data DIR", code: 64)
        }
        let source = try self.new.source(directory)
        let request = ChangeMasterKeyRequest(masterKey: source.reference.settings)
        let answer: ChangeMasterKeyAnswer = try await AdminConnection.with(self.admin) {
            try await $0.post("/api/keyring/master-key", request)
        }
        Console.error(
            """
            \(answer.detail)
            The keyring needs \(answer.masterKey) from the next start on. Change the server's settings now:
            """
        )
        for line in NewMasterKeyOptions.settings(of: source) { Console.print(line) }
        Console.error(
            """
            Keep a copy of the new master key apart from the data directory, and the old one for as long as there are \
            backups of before.
            """
        )
    }
}
