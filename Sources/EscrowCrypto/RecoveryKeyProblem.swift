/// Why a text or a file is not an offline recovery key.
package enum RecoveryKeyProblem: Error, Hashable, Sendable {
    /// It does not look like one.
    case notARecoveryKey
    /// It is a private half where the public one belongs, or the other way round.
    case wrongHalf(isPrivate: Bool)
    /// Its characters do not fit its own ID: one was mistyped or lost.
    case damaged
    /// The file is under a passphrase, and none was given.
    case passphraseNeeded
    /// The passphrase is too short, or is not the file's.
    case passphrase(MasterKeyError)
}

extension RecoveryKeyProblem: CustomStringConvertible {
    /// What is wrong and what to do, without what was read.
    package var description: String {
        switch self {
        case .notARecoveryKey: "This is not a recovery key as `sparekey recovery-key create` writes it."
        case .wrongHalf(isPrivate: true):
            "This is the private half of a recovery key. Keep it offline, and give the public half, which begins with "
                + "\(RecoveryKeyText.publicPrefix)"
        case .wrongHalf(isPrivate: false):
            "This is the public half of a recovery key, which opens nothing. Give the file that "
                + "`sparekey recovery-key create` made."
        case .damaged: "The recovery key is damaged: a character of it is wrong or missing. Copy it again."
        case .passphraseNeeded: "The recovery key is under a passphrase: give --passphrase-file."
        case .passphrase(.doesNotUnwrap): "The passphrase is not the one that the recovery key was made with."
        case .passphrase(let error): error.description
        }
    }
}
