/// Why a master key cannot be had or does not do.
package enum MasterKeyError: Error, Hashable, Sendable {
    /// There is no file at the path.
    case fileMissing(path: String)
    /// There is a file already where one is to be made.
    case fileExists(path: String)
    /// What is at the path is not a regular file.
    case notAFile(path: String)
    /// Others than the owner may read or change the file.
    case openToOthers(path: String, mode: UInt32)
    /// The file belongs to another user.
    case foreignOwner(path: String, owner: UInt32, expected: UInt32)
    /// The file is not 32 random bytes.
    case notAKey(path: String)
    /// The system refused; `reason` is its own word for it.
    case system(path: String, reason: String)
    /// There is no file with a secret, such as a PIN, at the path.
    case secretFileMissing(path: String)
    /// The file with a secret may be read or changed by everybody, or changed by a group.
    case secretFileOpenToOthers(path: String, mode: UInt32)
    /// The first line of the file is not a secret: it is empty, or longer than any.
    case noSecret(path: String)
    /// The words that name a source are not known.
    case unknownSource
    /// The passphrase is shorter than a new one may be.
    case passphraseTooShort(minimum: Int)
    /// The wrapped bytes are not of this provider's form.
    case malformed(whereabouts: String)
    /// The wrapped bytes ask for more work than is reasonable.
    case costOutOfBounds
    /// The master key is another one than the one that wrapped, or the wrapped bytes were changed.
    case doesNotUnwrap(whereabouts: String)
    /// More bytes than a provider has to take, or none.
    case badLength
    /// The provider cannot be reached or refuses; `reason` holds no secret.
    case unavailable(whereabouts: String, reason: String)
}

extension MasterKeyError: CustomStringConvertible {
    /// What is wrong and what to type or look for.
    package var description: String {
        switch self {
        case .fileMissing(let path):
            "There is no master key file at \(path). Put it back from where you keep its copy, or name another place; "
                + "without it nothing in the database opens."
        case .fileExists(let path):
            "There is already a file at \(path). A master key is never overwritten; name another place."
        case .notAFile(let path): "\(path) is not a regular file; a master key must be in one."
        case .openToOthers(let path, let mode):
            "The master key file \(path) has mode \(Self.octal(mode)), so others than its owner may use it. "
                + "Type: chmod 0600 \(path)"
        case .foreignOwner(let path, let owner, let expected):
            "The master key file \(path) belongs to user \(owner), not to the user that runs this (\(expected)) or to "
                + "root. Type: chown \(expected) \(path)"
        case .notAKey(let path):
            "The file \(path) is not a master key: it must have exactly 32 random bytes."
        case .system(let path, let reason): "\(path): \(reason)"
        case .secretFileMissing(let path):
            "There is no file at \(path) with the secret that the master key needs. Put it there, or name another file."
        case .secretFileOpenToOthers(let path, let mode):
            "The file \(path) has a secret and mode \(Self.octal(mode)), so others may use it. Type: chmod 0600 \(path)"
        case .noSecret(let path):
            "The first line of \(path) is empty, or too long; it must be the secret and nothing else."
        case .unknownSource: "The master key was named in words that this version does not know."
        case .passphraseTooShort(let minimum): "A new passphrase must have at least \(minimum) bytes."
        case .malformed(let whereabouts):
            "The keyring's root key was not wrapped by \(whereabouts), or is damaged. Use the kind of master key that the "
                + "keyring was made with."
        case .costOutOfBounds:
            "The keyring asks for more work to derive its master key than any Sparekey would: it was changed. "
                + "Restore it from a backup."
        case .doesNotUnwrap(let whereabouts):
            "The keyring does not open with \(whereabouts): it is another key, or the keyring was changed."
        case .badLength: "A master key wraps 1 to \(MasterKey.longestSecret) bytes."
        case .unavailable(let whereabouts, let reason): "\(whereabouts) cannot be used: \(reason)"
        }
    }

    private static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
