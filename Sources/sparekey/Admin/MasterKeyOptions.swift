import ArgumentParser
import EscrowModel

/// Where the master key is.
struct MasterKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The master key's file; DIR/master.key when nothing is said.",
            discussion: "A name without a slash, here and below, is looked for among systemd's credentials first.",
            valueName: "file"
        )
    )
    var masterKeyFile: String?

    @Option(
        help: ArgumentHelp(
            "Derive the master key from the passphrase in the first line of this file.",
            valueName: "file"
        )
    )
    var passphraseFile: String?

    @Option(
        name: .customLong("pkcs11-module"),
        help: ArgumentHelp("The master key is in a token: its PKCS #11 module, a shared library.", valueName: "file")
    )
    var tokenModule: String?

    @Option(name: .customLong("pkcs11-token"), help: ArgumentHelp("The token's label.", valueName: "label"))
    var tokenLabel: String?

    @Option(
        name: .customLong("pkcs11-key"),
        help: ArgumentHelp("The key's label in the token (default: sparekey).", valueName: "label")
    )
    var tokenKey: String?

    @Option(
        name: .customLong("pkcs11-pin-file"),
        help: ArgumentHelp("The file with the token's user PIN in its first line.", valueName: "file")
    )
    var tokenPINFile: String?

    @Option(
        help: ArgumentHelp(
            "The master key is in the transit engine of OpenBao or Vault: the service's address.",
            valueName: "url"
        )
    )
    var transitAddress: String?

    @Option(help: ArgumentHelp("Where the transit engine is mounted (default: transit).", valueName: "path"))
    var transitMount: String?

    @Option(help: ArgumentHelp("The key's name in the engine (default: sparekey).", valueName: "name"))
    var transitKey: String?

    @Option(help: ArgumentHelp("The file with the service's token in its first line.", valueName: "file"))
    var transitTokenFile: String?

    @Option(help: ArgumentHelp("Log in by AppRole instead of a token: the role ID.", valueName: "id"))
    var transitRoleID: String?

    @Option(help: ArgumentHelp("The file with AppRole's secret ID in its first line.", valueName: "file"))
    var transitSecretIDFile: String?

    @Option(
        help: ArgumentHelp(
            "PEM file with the certificates to believe the service by, instead of the system's.",
            valueName: "file"
        )
    )
    var transitCAFile: String?

    @Option(help: ArgumentHelp("The service's namespace (default: the root).", valueName: "path"))
    var transitNamespace: String?

    /// What was given.
    var settings: [Setting: String] {
        var settings: [Setting: String] = [:]
        settings[.masterKeyFile] = self.masterKeyFile
        settings[.passphraseFile] = self.passphraseFile
        settings[.tokenModule] = self.tokenModule
        settings[.tokenLabel] = self.tokenLabel
        settings[.tokenKey] = self.tokenKey
        settings[.tokenPINFile] = self.tokenPINFile
        settings[.transitAddress] = self.transitAddress
        settings[.transitMount] = self.transitMount
        settings[.transitKey] = self.transitKey
        settings[.transitTokenFile] = self.transitTokenFile
        settings[.transitRoleID] = self.transitRoleID
        settings[.transitSecretIDFile] = self.transitSecretIDFile
        settings[.transitCAFile] = self.transitCAFile
        settings[.transitNamespace] = self.transitNamespace
        return settings
    }

    /// Where the master key of a data directory is, by flags first, then by the environment and the file that it names.
    func source(_ directory: String) throws(Failure) -> MasterKeySource {
        try ServeConfiguration.ofEnvironment(directory: directory, flags: self.settings).masterKey
    }
}
