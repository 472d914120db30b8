package import EscrowCrypto
package import EscrowModel

/// How a source goes to the process that reads it, and from there to its provider.
extension MasterKeySource {
    /// The source in words.
    package var reference: MasterKeyReference {
        switch self {
        case .file(let path): MasterKeyReference(["kind": "file", "path": path])
        case .passphrase(let path): MasterKeyReference(["kind": "passphrase", "path": path])
        case .pkcs11(let token):
            MasterKeyReference([
                "kind": "pkcs11", "module": token.module, "token": token.token, "key": token.key,
                "pinFile": token.pinFile,
            ])
        case .transit(let service):
            MasterKeyReference(Self.words(for: service))
        }
    }

    /// Reads the words; nil for those that are none of ``reference``'s.
    package init?(_ reference: MasterKeyReference) {
        let words = reference.settings
        switch words["kind"] {
        case "file":
            guard let path = words["path"], Set(words.keys) == ["kind", "path"] else { return nil }
            self = .file(path: path)
        case "passphrase":
            guard let path = words["path"], Set(words.keys) == ["kind", "path"] else { return nil }
            self = .passphrase(path: path)
        case "pkcs11":
            guard let module = words["module"], let token = words["token"], let key = words["key"],
                let pinFile = words["pinFile"], words.count == 5
            else { return nil }
            self = .pkcs11(Token(module: module, token: token, key: key, pinFile: pinFile))
        case "transit":
            guard let service = Self.service(in: words) else { return nil }
            self = .transit(service)
        default: return nil
        }
    }

    /// Makes the provider that a reference means.
    ///
    /// - Parameter credentials: the folder of systemd's credentials, if there are any.
    package static func resolver(credentials: String?) -> MasterKeyResolver {
        { reference, isNew, notice in
            guard let source = MasterKeySource(reference) else {
                throw MasterKeyError.unknownSource
            }
            return try await source.provider(mayCreate: isNew, credentials: credentials, notice: notice)
        }
    }

    private static func words(for service: KeyService) -> [String: String] {
        var words = ["kind": "transit", "address": service.address, "mount": service.mount, "key": service.key]
        switch service.login {
        case .token(let file): words["tokenFile"] = file
        case .appRole(let roleID, let file):
            words["roleId"] = roleID
            words["secretIdFile"] = file
        }
        words["caFile"] = service.caFile
        words["namespace"] = service.namespace
        return words
    }

    private static func service(in words: [String: String]) -> KeyService? {
        guard let address = words["address"], let mount = words["mount"], let key = words["key"] else { return nil }
        let login: KeyService.Login
        switch (words["tokenFile"], words["roleId"], words["secretIdFile"]) {
        case (let file?, nil, nil): login = .token(file: file)
        case (nil, let roleID?, let file?): login = .appRole(roleID: roleID, secretIDFile: file)
        default: return nil
        }
        let service = KeyService(
            address: address,
            mount: mount,
            key: key,
            login: login,
            caFile: words["caFile"],
            namespace: words["namespace"]
        )
        return Self.words(for: service) == words ? service : nil
    }
}
