import ArgumentParser
import EscrowAPI
import EscrowModel

/// `sparekey keyring show`.
struct KeyringShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows the keyring without its keys: versions, what is sealed to each, recovery keys, master key."
    )

    @OptionGroup var admin: AdminOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let keyring: KeyringAnswer = try await AdminConnection.with(self.admin) { try await $0.get("/api/keyring") }
        guard !self.json else { return try Console.print(json: keyring) }
        Self.print(keyring)
    }

    /// The keyring for people.
    static func print(_ keyring: KeyringAnswer) {
        Console.print("keyring     \(keyring.id), generation \(keyring.generation)")
        Console.print("master key  \(keyring.masterKey)")
        var versions = Table("VERSION", "STATE", "SUITE", "MADE", "SECRETS", "CANARY")
        for version in keyring.versions {
            versions.add(
                String(version.number),
                version.state,
                version.suite,
                version.createdAt.description,
                String(version.secrets),
                version.opens.map { $0 ? "opens" : "DOES NOT OPEN" } ?? "-"
            )
        }
        versions.print(ifEmpty: "")
        var keys = Table("RECOVERY KEY", "SUITE", "ADDED")
        for key in keyring.recoveryKeys { keys.add(key.id, key.suite, key.addedAt.description) }
        keys.print(ifEmpty: "There is no offline recovery key.")
        if let rewrap = keyring.rewrap, rewrap.finishedAt == nil {
            Console.print("sealing anew: \(rewrap.rewrapped + rewrap.failed) of \(rewrap.total) done")
        }
        if keyring.toRewrap > 0 {
            Console.print("\(keyring.toRewrap) secrets are to be sealed anew: sparekey keyring rewrap")
        }
    }
}
