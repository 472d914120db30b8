/// Where the master key is, as settings say it: names, paths and addresses, and no secret.
///
/// What is written here may go over a socket to the process that needs the key; that process reads the files.
package enum MasterKeySource: Equatable, Sendable, Codable {
    /// A file with the key itself.
    case file(path: String)
    /// A file with a passphrase in its first line.
    case passphrase(path: String)
    /// A key in a token, such as an HSM's.
    case pkcs11(Token)
    /// A key of a key service: the transit engine of OpenBao or Vault.
    case transit(KeyService)

    /// A key in a PKCS #11 token.
    package struct Token: Equatable, Sendable, Codable {
        /// The path of the token's PKCS #11 module, a shared library.
        package var module: String
        /// The token's label.
        package var token: String
        /// The key's label.
        package var key: String
        /// The file that has the user's PIN in its first line.
        package var pinFile: String

        /// Names a key.
        package init(module: String, token: String, key: String, pinFile: String) {
            self.module = module
            self.token = token
            self.key = key
            self.pinFile = pinFile
        }
    }

    /// A key of OpenBao's or Vault's transit engine.
    package struct KeyService: Equatable, Sendable, Codable {
        /// How to get in.
        package enum Login: Equatable, Sendable, Codable {
            /// With the token in a file's first line.
            case token(file: String)
            /// As an application: with its role ID and the secret ID in a file's first line.
            case appRole(roleID: String, secretIDFile: String)
        }

        /// The service's address: `https://bao.example.com:8200`.
        package var address: String
        /// The path that the transit engine is mounted at.
        package var mount: String
        /// The key's name.
        package var key: String
        /// How to get in.
        package var login: Login
        /// PEM file with the certificates to believe the service by; nil for the system's.
        package var caFile: String?
        /// The namespace; nil for the root.
        package var namespace: String?

        /// Names a key.
        package init(
            address: String,
            mount: String = "transit",
            key: String,
            login: Login,
            caFile: String? = nil,
            namespace: String? = nil
        ) {
            self.address = address
            self.mount = mount
            self.key = key
            self.login = login
            self.caFile = caFile
            self.namespace = namespace
        }
    }
}
