import EscrowModel

extension MasterKeySource {
    /// Chooses by what was said; the default is a file in the data directory.
    ///
    /// Flags that name a kind of source put those of another kind in the environment or the file aside, so that a command
    /// line can always say where the key is.
    init(flags: [Setting: String], _ reader: SettingReader, directory: String) throws(Failure) {
        var named = try Self.kind { flags[$0] }
        if named == nil { named = try Self.kind { reader.text($0) } }
        switch named {
        case nil: self = .file(path: directory + "/master.key")
        case .file: self = .file(path: try Self.needed(.masterKeyFile, reader))
        case .passphrase: self = .passphrase(path: try Self.needed(.passphraseFile, reader))
        case .pkcs11:
            self = .pkcs11(
                Token(
                    module: try Self.needed(.tokenModule, reader),
                    token: try Self.needed(.tokenLabel, reader),
                    key: reader.text(.tokenKey) ?? "sparekey",
                    pinFile: try Self.needed(.tokenPINFile, reader)
                )
            )
        case .transit:
            self = .transit(
                KeyService(
                    address: try Self.needed(.transitAddress, reader),
                    mount: reader.text(.transitMount) ?? "transit",
                    key: reader.text(.transitKey) ?? "sparekey",
                    login: try Self.login(flags: flags, reader),
                    caFile: reader.text(.transitCAFile),
                    namespace: reader.text(.transitNamespace)
                )
            )
        }
    }

    private enum Kind: CaseIterable {
        case file
        case passphrase
        case pkcs11
        case transit

        /// The settings that name a source of this kind.
        var settings: [Setting] {
            switch self {
            case .file: [.masterKeyFile]
            case .passphrase: [.passphraseFile]
            case .pkcs11: [.tokenModule, .tokenLabel, .tokenKey, .tokenPINFile]
            case .transit:
                [
                    .transitAddress, .transitMount, .transitKey, .transitTokenFile, .transitRoleID,
                    .transitSecretIDFile, .transitCAFile, .transitNamespace,
                ]
            }
        }
    }

    private static func kind(_ text: (Setting) -> String?) throws(Failure) -> Kind? {
        let given = Kind.allCases.compactMap { kind in kind.settings.first { text($0) != nil }.map { (kind, $0) } }
        guard given.count < 2 else {
            let names = given.map(\.1.rawValue).joined(separator: " and ")
            throw Failure("the master key can be in one place only, but there are \(names); give one", code: 64)
        }
        return given.first?.0
    }

    private static func login(
        flags: [Setting: String],
        _ reader: SettingReader
    ) throws(Failure) -> KeyService.Login {
        let isAppRole = flags[.transitTokenFile] == nil && reader.text(.transitRoleID) != nil
        if isAppRole {
            guard reader.text(.transitTokenFile) == nil || flags[.transitRoleID] != nil else {
                throw Failure("give either masterKey.transit.tokenFile or masterKey.transit.roleId, not both", code: 64)
            }
            return .appRole(
                roleID: try Self.needed(.transitRoleID, reader),
                secretIDFile: try Self.needed(.transitSecretIDFile, reader)
            )
        }
        guard flags[.transitRoleID] == nil else {
            throw Failure("give either --transit-token-file or --transit-role-id, not both", code: 64)
        }
        return .token(file: try Self.needed(.transitTokenFile, reader))
    }

    private static func needed(_ setting: Setting, _ reader: SettingReader) throws(Failure) -> String {
        guard let text = reader.text(setting) else {
            throw Failure("the setting \(setting.rawValue) is needed too, to say where the master key is", code: 64)
        }
        return text
    }
}
