import ArgumentParser

/// Where the master key is.
struct MasterKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The master key's file; DIR/master.key when nothing is said.",
            discussion: "A name without a slash is looked for among systemd's credentials first.",
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

    /// Where the master key of a data directory is, by flags first and then by the environment.
    func source(_ directory: String) throws(Failure) -> MasterKeySource {
        var file = self.masterKeyFile
        var passphrase = self.passphraseFile
        if file == nil, passphrase == nil {
            file = Environment["SPAREKEY_MASTER_KEY_FILE"]
            passphrase = Environment["SPAREKEY_MASTER_KEY_PASSPHRASE_FILE"]
        }
        return try MasterKeySource(directory: directory, file: file, passphraseFile: passphrase)
    }
}
