import ArgumentParser
import AsyncHTTPClient
import EscrowCrypto
import EscrowModel
import EscrowStore
import MasterKeyProviders

/// `sparekey doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract:
            "Checks everything that a person on call would, and says what to do; or that a backup can be restored.",
        discussion: """
            Works while the server runs and while it does not; changes nothing. The settings are the server's: from flags, \
            the environment and SPAREKEY_CONFIG. Exit code 0 when no check failed, 1 otherwise.

            --restore-check opens a copy of a backup in a private folder that is removed again: a database file, a copy of \
            the data directory, or a tar file of one. Its keyring must open with the master key, its log must verify \
            whole, and keys drawn at random must open. They are wiped unseen, and nothing of it is on the live log.
            """
    )

    @Option(help: ArgumentHelp("The data directory; or SPAREKEY_DATA.", valueName: "dir"))
    var data: String?

    @OptionGroup var masterKey: MasterKeyOptions

    @Option(help: ArgumentHelp("Check this backup instead.", valueName: "path"))
    var restoreCheck: String?

    @Option(help: ArgumentHelp("How many keys of the backup to open.", valueName: "count"))
    var keys = 100

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        ProcessHardening.apply()
        guard let directory = self.data ?? Environment["SPAREKEY_DATA"] else {
            throw Failure("say where the data are: --data DIR", code: 64)
        }
        let configuration = try ServeConfiguration.ofEnvironment(
            directory: directory,
            flags: self.masterKey.settings
        )
        if let backup = self.restoreCheck {
            let check = RestoreCheck(backup: backup, configuration: configuration, count: max(0, self.keys))
            return try Finding.report(await check.findings(), json: self.json)
        }
        var findings = DataDirectoryCheck(configuration: configuration).findings()
        guard !findings.contains(where: { $0.what == "data directory" && $0.level == .fail }) else {
            return try Finding.report(findings, json: self.json)
        }
        let isRunning = await ServerCheck.isAnswering(directory)
        findings += await ServerCheck.findings(directory, isRunning: isRunning)
        if isRunning { findings += ProcessCheck(configuration: configuration).findings() }
        findings += StoreCheck(configuration: configuration).findings(now: Installation.clock())
        findings += await KeyringCheck.findings(configuration)
        findings += CertificateCheck.findings(configuration, now: Installation.clock())
        try Finding.report(findings, json: self.json)
    }
}

/// Whether the master key opens the keyring, and the keyring what it should.
enum KeyringCheck {
    static func findings(_ configuration: ServeConfiguration) async -> [Finding] {
        do {
            let keyring = try await Self.keyring(
                try StoreInspection(path: configuration.directory + "/sparekey.db"),
                configuration.masterKey
            )
            guard let keyring else { return [.warn("keyring", "there is none yet: the server was never started")] }
            var findings: [Finding] = [.ok("master key", "it opens the keyring")]
            let failures = keyring.failedCanaries()
            findings += failures.map { .fail("keyring", "\($0)") }
            if failures.isEmpty {
                findings.append(
                    .ok("keyring", "every version opens what it should, \(keyring.document.versions.count) in all")
                )
            }
            findings.append(
                keyring.document.recoveryRecipients.isEmpty
                    ? .warn(
                        "recovery key",
                        "there is none: when the master key is lost, so is every key in escrow. "
                            + "See `sparekey keyring`"
                    )
                    : .ok("recovery key", "there are \(keyring.document.recoveryRecipients.count)")
            )
            return findings
        } catch {
            return [.fail("master key", "\((error as? Failure)?.message ?? "\(error)")")]
        }
    }

    /// The opened keyring of a database; nil when it has none.
    static func keyring(_ store: StoreInspection, _ masterKey: MasterKeySource) async throws -> Keyring? {
        guard let document = try store.reader.keyringDocument()?.bytes else { return nil }
        let provider = try await masterKey.provider(
            mayCreate: false,
            credentials: Environment["CREDENTIALS_DIRECTORY"],
            notice: { _ in }
        )
        return try await Keyring(KeyringDocument(json: document), under: provider)
    }
}
