/// Why a holder of keys does not do what it is asked to.
package enum KeyHolderError: Error, Hashable, Sendable {
    /// The record does not open, or a secret cannot be sealed.
    case seal(SealError)
    /// The keyring does not open, or cannot be changed so; a `KeyringError` in words.
    case keyring(String)
    /// What was opened is not such a secret.
    case notASecret
    /// The evidence does not do: the reason names the check that failed.
    case refused(String)
    /// More than may be asked for.
    case tooMuch(String)
    /// Nobody is there to ask at the moment; it may work later.
    case unavailable(String)
}

extension KeyHolderError: CustomStringConvertible {
    /// What is wrong, and what to do.
    package var description: String {
        switch self {
        case .seal(let error): error.description
        case .keyring(let reason): reason
        case .notASecret: "What was sealed is not a recovery password or a recovery key. Compare it with a backup."
        case .refused(let reason): "The opener refused: \(reason)"
        case .tooMuch(let reason): reason
        case .unavailable(let reason): "Nobody can open secrets at the moment: \(reason)"
        }
    }

    /// Tells an error of the keyring.
    package init(_ error: KeyringError) { self = .keyring(error.description) }
}
