import ArgumentParser
import EscrowAPI

/// `sparekey keyring export-ingest`.
struct KeyringExportIngest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export-ingest",
        abstract: "Writes the file that a server needs which only takes deposits (serve --role ingest).",
        discussion: """
            It opens no secret. It signs the audit log and recognises secrets, so keep it as you keep a TLS key: mode 0600. It \
            stays good when the keyring is rotated.
            """
    )

    @OptionGroup var admin: AdminOptions

    @Option(help: ArgumentHelp("The file to make; never overwritten.", valueName: "file"))
    var out: String

    func run() async throws {
        let answer: IngestExportAnswer = try await AdminConnection.with(self.admin) {
            try await $0.post("/api/keyring/ingest-export", RotateKeyringRequest())
        }
        try SmallFile.create(self.out, Array(answer.file.utf8))
        Console.error("wrote \(self.out)")
    }
}
