import BitLocker
package import EscrowCrypto
package import EscrowModel
import Glibc

extension MasterKeySource {
    /// Gets the master key.
    ///
    /// - Parameters:
    ///   - mayCreate: whether to make a key where there is none: for a new installation, and for a change to a new key.
    ///   - credentials: the folder of systemd's credentials, if there are any. A file's name without a slash is looked for
    ///     there first.
    ///   - notice: told what people must know, such as that a master key was made.
    package func provider(
        mayCreate: Bool,
        credentials: String?,
        notice: (String) -> Void
    ) async throws(MasterKeyError) -> any MasterKeyProvider {
        switch self {
        case .passphrase(let path):
            return PassphraseMasterKey(try SecretFile(path, credentials: credentials).line())
        case .file(let name):
            let path = CredentialsFolder.resolve(name, folder: credentials) { access($0, F_OK) == 0 }
            do throws(MasterKeyError) {
                return try FileMasterKey(path: path, credentials: credentials)
            } catch {
                guard case .fileMissing = error, mayCreate else { throw error }
            }
            var generator = SystemRandomNumberGenerator()
            let key = try FileMasterKey.create(path: path, using: &generator)
            notice(
                """
                made a new master key: \(path)
                  Copy it now to a safe place, apart from the backups of the data directory: without it no key in escrow \
                can be opened, and whoever has both has everything.
                """
            )
            return key
        case .pkcs11(let token):
            let pin = SecretFile(token.pinFile, credentials: credentials)
            let key = try await PKCS11MasterKey(token, pin: pin, mayCreate: mayCreate)
            if key.isNew {
                notice(
                    """
                    made a new master key in the token "\(token.token)": "\(token.key)"
                      It cannot leave the token. Back the token up by its maker's means now: without this key no key in \
                    escrow can be opened.
                    """
                )
            }
            return key
        case .transit(let service):
            let provider = TransitMasterKey(service, credentials: credentials)
            if mayCreate, try await provider.createIfMissing() {
                notice(
                    """
                    made a new master key in the key service \(service.address): "\(service.key)"
                      Include the service in your backups: without this key no key in escrow can be opened.
                    """
                )
            }
            return provider
        }
    }
}
