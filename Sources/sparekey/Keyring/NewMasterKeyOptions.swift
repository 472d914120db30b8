import ArgumentParser
import EscrowModel
import FoundationEssentials

/// Where the master key is to be: the flags of ``MasterKeyOptions`` behind `--to-`.
struct NewMasterKeyOptions: ParsableArguments {
    @Option(
        name: .customLong("to-master-key-file"),
        help: ArgumentHelp(
            "A master key's file.",
            discussion: "A name without a slash, here and below, is one of the server's credentials of systemd.",
            valueName: "file"
        )
    )
    var masterKeyFile: String?

    @Option(
        name: .customLong("to-passphrase-file"),
        help: ArgumentHelp("A file with a passphrase in its first line.", valueName: "file")
    )
    var passphraseFile: String?

    @Option(
        name: .customLong("to-pkcs11-module"),
        help: ArgumentHelp("A token's PKCS #11 module.", valueName: "file")
    )
    var tokenModule: String?

    @Option(name: .customLong("to-pkcs11-token"), help: ArgumentHelp("The token's label.", valueName: "label"))
    var tokenLabel: String?

    @Option(
        name: .customLong("to-pkcs11-key"),
        help: ArgumentHelp("The key's label in the token (default: sparekey).", valueName: "label")
    )
    var tokenKey: String?

    @Option(
        name: .customLong("to-pkcs11-pin-file"),
        help: ArgumentHelp("The file with the token's user PIN in its first line.", valueName: "file")
    )
    var tokenPINFile: String?

    @Option(
        name: .customLong("to-transit-address"),
        help: ArgumentHelp("The address of OpenBao or Vault.", valueName: "url")
    )
    var transitAddress: String?

    @Option(
        name: .customLong("to-transit-mount"),
        help: ArgumentHelp("Where its transit engine is mounted (default: transit).", valueName: "path")
    )
    var transitMount: String?

    @Option(
        name: .customLong("to-transit-key"),
        help: ArgumentHelp("The key's name in the engine (default: sparekey).", valueName: "name")
    )
    var transitKey: String?

    @Option(
        name: .customLong("to-transit-token-file"),
        help: ArgumentHelp("The file with the service's token in its first line.", valueName: "file")
    )
    var transitTokenFile: String?

    @Option(
        name: .customLong("to-transit-role-id"),
        help: ArgumentHelp("Log in by AppRole instead of a token: the role ID.", valueName: "id")
    )
    var transitRoleID: String?

    @Option(
        name: .customLong("to-transit-secret-id-file"),
        help: ArgumentHelp("The file with AppRole's secret ID in its first line.", valueName: "file")
    )
    var transitSecretIDFile: String?

    @Option(
        name: .customLong("to-transit-ca-file"),
        help: ArgumentHelp("PEM file with the certificates to believe the service by.", valueName: "file")
    )
    var transitCAFile: String?

    @Option(
        name: .customLong("to-transit-namespace"),
        help: ArgumentHelp("The service's namespace (default: the root).", valueName: "path")
    )
    var transitNamespace: String?

    /// Where it is to be. Paths are made absolute, since another process may read them.
    func source(_ directory: String) throws(Failure) -> MasterKeySource {
        let flags = self.settings
        guard !flags.isEmpty else {
            throw Failure("say where the new master key is, such as --to-master-key-file FILE", code: 64)
        }
        let reader = SettingReader(flags: flags, environment: [:], file: nil)
        return try MasterKeySource(flags: flags, reader, directory: directory)
    }

    /// The settings that name a source, as the configuration file has them, one a line.
    static func settings(of source: MasterKeySource) -> [String] {
        let words: [(Setting, String?)] =
            switch source {
            case .file(let path): [(.masterKeyFile, path)]
            case .passphrase(let path): [(.passphraseFile, path)]
            case .pkcs11(let token):
                [
                    (.tokenModule, token.module), (.tokenLabel, token.token), (.tokenKey, token.key),
                    (.tokenPINFile, token.pinFile),
                ]
            case .transit(let service):
                [(.transitAddress, service.address), (.transitMount, service.mount), (.transitKey, service.key)]
                    + Self.settings(of: service.login)
                    + [(.transitCAFile, service.caFile), (.transitNamespace, service.namespace)]
            }
        return words.compactMap { setting, value in value.map { "\(setting.rawValue) = \($0)" } }
    }

    private static func settings(of login: MasterKeySource.KeyService.Login) -> [(Setting, String?)] {
        switch login {
        case .token(let file): [(.transitTokenFile, file)]
        case .appRole(let roleID, let file): [(.transitRoleID, roleID), (.transitSecretIDFile, file)]
        }
    }

    private var settings: [Setting: String] {
        let files: [Setting: String?] = [
            .masterKeyFile: self.masterKeyFile, .passphraseFile: self.passphraseFile, .tokenModule: self.tokenModule,
            .tokenPINFile: self.tokenPINFile, .transitTokenFile: self.transitTokenFile,
            .transitSecretIDFile: self.transitSecretIDFile, .transitCAFile: self.transitCAFile,
        ]
        let words: [Setting: String?] = [
            .tokenLabel: self.tokenLabel, .tokenKey: self.tokenKey, .transitAddress: self.transitAddress,
            .transitMount: self.transitMount, .transitKey: self.transitKey, .transitRoleID: self.transitRoleID,
            .transitNamespace: self.transitNamespace,
        ]
        return files.compactMapValues { $0 }.mapValues(Self.absolute)
            .merging(words.compactMapValues { $0 }) { file, _ in file }
    }

    private static func absolute(_ path: String) -> String {
        guard path.contains("/"), !path.hasPrefix("/") else { return path }
        return FileManager.default.currentDirectoryPath + "/" + path
    }
}
