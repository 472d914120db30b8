import ArgumentParser
import BitLocker
import EscrowCrypto

/// `sparekey recovery-key …`: key pairs whose private half lies in a safe.
struct RecoveryKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recovery-key",
        abstract: "Offline recovery keys: what opens everything when the master key is lost.",
        subcommands: [RecoveryKeyCreate.self]
    )
}

/// `sparekey recovery-key create`.
struct RecoveryKeyCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Makes a key pair: the private half into a file, the public half on standard output.",
        discussion: """
            Do it on a machine that is on no network. Give the public half to `sparekey keyring add-recovery-recipient`, and \
            put the file into a safe: with a copy of the database it opens every secret, and no log shows it.
            """
    )

    @Option(help: ArgumentHelp("The file for the private half; never overwritten.", valueName: "file"))
    var out: String

    @Option(
        help: ArgumentHelp("Put it under the passphrase in the first line of this file (scrypt).", valueName: "file")
    )
    var passphraseFile: String?

    @Option(help: ArgumentHelp("The algorithms: p256 (the default) or xWing.", valueName: "suite"))
    var suite = "p256"

    func run() async throws {
        guard let suite = SealSuite.allCases.first(where: { "\($0)" == self.suite || $0.name == self.suite }) else {
            throw Failure("--suite must be p256 or xWing", code: 64)
        }
        let key = try RecipientPrivateKey.generate(suite)
        let passphrase = try RecoveryKeyCommand.passphrase(self.passphraseFile)
        let line = try await RecoveryKeyText.privateLine(key, passphrase: passphrase)
        try SmallFile.create(self.out, line + [0x0A])
        Console.print(RecoveryKeyText.publicLine(key.recipient))
    }
}

extension RecoveryKeyCommand {
    /// The passphrase in a file's first line; nil when no file is named.
    static func passphrase(_ file: String?) throws -> PassphraseMasterKey? {
        guard let file else { return nil }
        let line = try SmallFile.line(file)
        return PassphraseMasterKey(SecretBytes(copying: line.span))
    }
}
