import BitLocker
import EscrowCrypto
import Glibc

/// Where the master key comes from.
enum MasterKeySource: Sendable {
    /// A file with the key itself.
    case file(path: String)
    /// A file with a passphrase in its first line.
    case passphrase(path: String)

    /// Chooses by what was said; the default is a file in the data directory.
    init(directory: String, file: String?, passphraseFile: String?) throws(Failure) {
        switch (file, passphraseFile) {
        case (.some, .some): throw Failure("give either a master key file or a passphrase file, not both", code: 64)
        case (let file?, nil): self = .file(path: Self.resolve(file))
        case (nil, let passphrase?): self = .passphrase(path: Self.resolve(passphrase))
        case (nil, nil): self = .file(path: directory + "/master.key")
        }
    }

    /// Gets the master key. For a new installation a file that is not there is made, and `notice` is told.
    func provider(isNew: Bool, notice: (String) -> Void) throws -> any MasterKeyProvider {
        switch self {
        case .passphrase(let path):
            var passphrase = try SmallFile.line(path)
            defer {
                passphrase.withUnsafeMutableBytes { bytes in
                    if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
                }
            }
            return PassphraseMasterKey(SecretBytes(copying: passphrase.span))
        case .file(let path):
            do throws(MasterKeyError) {
                return try FileMasterKey(path: path)
            } catch {
                guard case .fileMissing = error, isNew else { throw error }
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
        }
    }

    /// A name without a slash is looked for among systemd's credentials first.
    private static func resolve(_ path: String) -> String {
        guard !path.contains("/"), let folder = Environment["CREDENTIALS_DIRECTORY"] else {
            return path
        }
        let credential = folder + "/" + path
        return access(credential, F_OK) == 0 ? credential : path
    }
}
