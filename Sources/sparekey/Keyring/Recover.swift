import ArgumentParser
import BitLocker
import EscrowCrypto
import EscrowModel
import EscrowStore
import FoundationEssentials

/// `sparekey recover`.
struct Recover: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Opens secrets with an offline recovery key and a copy of the database: no server, no master key.",
        discussion: """
            This is for when the master key or the server is lost. IT LEAVES NO RECORD: no audit log shows that these secrets \
            were seen, so write down who did this, when and why, and have every key replaced that was shown.

            The database is only read. One that a server has open is refused: work on a backup.
            """
    )

    @Option(
        help: ArgumentHelp("The database: a backup, or sparekey.db of a server that is stopped.", valueName: "file")
    )
    var database: String?

    @Option(help: ArgumentHelp("The data directory of a server that is stopped, instead.", valueName: "dir"))
    var data: String?

    @Option(help: ArgumentHelp("The file with the recovery key's private half.", valueName: "file"))
    var key: String

    @Option(
        help: ArgumentHelp(
            "A file with the passphrase that the recovery key is under, in its first line.",
            valueName: "file"
        )
    )
    var passphraseFile: String?

    @Option(help: "Only the secrets of this device.")
    var device: GUID?

    @Option(help: ArgumentHelp("Only this Key ID: its first 8 digits, or all of it.", valueName: "id"))
    var keyID: String?

    @Flag(help: "Every secret.")
    var all = false

    @Flag(help: "Print JSON, one object a line.")
    var json = false

    func run() async throws {
        ProcessHardening.apply()
        let path = try self.path()
        guard self.all != (self.device != nil || self.keyID != nil) else {
            throw Failure("say which secrets: --device ID, --key-id ID, or --all", code: 64)
        }
        let wanted = self.keyID.map { $0.lowercased() }
        let passphrase = try RecoveryKeyCommand.passphrase(self.passphraseFile)
        let line = try SmallFile.line(self.key)
        let opener: Opener
        do throws(RecoveryKeyProblem) {
            let text = String(decoding: line, as: UTF8.self)
            opener = Opener(keys: [try await RecoveryKeyText.readPrivate(text, passphrase: passphrase)])
        } catch {
            throw Failure(error.description)
        }
        let archive: OfflineArchive
        do throws(StoreError) { archive = try OfflineArchive(path: path) } catch {
            throw Failure("\(error.description) (`recover` works on a backup)")
        }
        Console.error("This is on no log. Write down who does it and why, and have every key replaced that is shown.")
        var tally = Tally()
        var last: Int64 = 0
        while case let seals = try archive.seals(of: self.device, after: last, limit: 500), let end = seals.last {
            last = end.row
            for seal in seals where wanted.map({ seal.protector.description.hasPrefix($0) }) ?? true {
                try self.show(seal, with: opener, &tally)
            }
        }
        try tally.end()
    }

    private func path() throws(Failure) -> String {
        switch (self.database, self.data) {
        case (let file?, nil): return file
        case (nil, let directory?): return directory + "/sparekey.db"
        case (nil, nil), (.some, .some):
            throw Failure("say which database: --database FILE, or --data DIR of a server that is stopped", code: 64)
        }
    }

    private func show(_ seal: ArchivedSeal, with opener: Opener, _ tally: inout Tally) throws {
        let context = SealContext(
            device: seal.device,
            volume: seal.volume,
            protector: seal.protector,
            kind: seal.kind,
            keyVersion: seal.version
        )
        do throws(SealError) {
            let secret = try opener.open(seal.sealed, context: context)
            let text = secret.withUnsafeBytes { bytes in
                seal.kind == .recoveryPassword
                    ? String(decoding: bytes, as: UTF8.self) : Data(bytes).base64EncodedString()
            }
            tally.opened += 1
            self.print(seal, text)
        } catch .unknownRecipients {
            tally.notForThisKey += 1
        } catch {
            tally.broken += 1
            Console.error("\(seal.device) \(seal.protector): \(error)")
        }
    }

    private func print(_ seal: ArchivedSeal, _ secret: String) {
        guard self.json else {
            Console.print(
                """
                device    \(seal.device)  \(seal.deviceName)
                volume    \(seal.volume)
                key ID    \(seal.protector)  \(seal.state.rawValue), \(seal.proof.rawValue), \(seal.depositedAt)
                \(seal.kind == .recoveryPassword ? "password " : ".BEK file")  \(secret)

                """
            )
            return
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let found = Found(
            deviceId: seal.device,
            deviceName: seal.deviceName,
            volumeId: seal.volume,
            keyId: seal.protector,
            type: seal.kind,
            state: seal.state,
            proof: seal.proof,
            depositedAt: seal.depositedAt,
            recoveryPassword: seal.kind == .recoveryPassword ? secret : nil,
            recoveryKey: seal.kind == .recoveryKey ? secret : nil
        )
        if let line = try? encoder.encode(found) { Console.print(String(decoding: line, as: UTF8.self)) }
    }

    /// A secret as a line of JSON.
    private struct Found: Encodable {
        let deviceId: GUID
        let deviceName: String
        let volumeId: GUID
        let keyId: GUID
        let type: SecretKind
        let state: EscrowedKey.State
        let proof: EscrowedKey.ProofState
        let depositedAt: Timestamp
        let recoveryPassword: String?
        let recoveryKey: String?
    }

    /// What became of the secrets.
    private struct Tally {
        var opened = 0
        var notForThisKey = 0
        var broken = 0

        /// Says it, and fails when a secret was not shown.
        func end() throws(Failure) {
            Console.error("\(self.opened) secrets opened.")
            var text: [String] = []
            if self.notForThisKey > 0 {
                text.append(
                    "\(self.notForThisKey) are not sealed to this recovery key: they were deposited before it was added, and "
                        + "not sealed anew since (sparekey keyring rewrap)"
                )
            }
            if self.broken > 0 {
                text.append("\(self.broken) do not open: they were changed; look into another backup")
            }
            if self.opened + self.notForThisKey + self.broken == 0 { text.append("there is no such secret") }
            guard text.isEmpty else { throw Failure(text.joined(separator: "; ")) }
        }
    }
}
