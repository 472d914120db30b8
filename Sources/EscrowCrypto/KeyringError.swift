/// Why a keyring does not open or cannot be changed.
package enum KeyringError: Error, Hashable, Sendable {
    /// The bytes are not a keyring document; `reason` says what is wrong with them.
    case malformed(reason: String)
    /// The document is of a later version of the format.
    case unsupportedFormat(Int)
    /// The keyring is wrapped by another master key than the one given.
    case otherMasterKey(needed: String, given: String, whereabouts: String)
    /// The master key cannot be had or does not do.
    case masterKey(MasterKeyError)
    /// The root key opens, but the rest of the document was not made with it.
    case changed
    /// A key could not be made.
    case sealing(SealError)
    /// There is no version of this number.
    case noSuchVersion(Int)
    /// The version's state does not allow it.
    case wrongState(version: Int, state: KeyringVersion.State, wanted: KeyringVersion.State)
    /// There are as many offline recovery keys as there can be.
    case tooManyRecoveryRecipients
    /// The key is one of the keyring's already.
    case recoveryRecipientIsThere(RecipientID)
    /// The keyring has no offline recovery key of this ID.
    case noSuchRecoveryRecipient(RecipientID)
    /// The file for servers that only take deposits does not go with the keyring.
    case notForIngest(reason: String)
}

extension KeyringError: CustomStringConvertible {
    /// What is wrong, which key is needed, and what to do.
    package var description: String {
        switch self {
        case .malformed(let reason): "The keyring is damaged: \(reason). Restore it from a backup."
        case .unsupportedFormat(let format):
            "The keyring has format \(format), which a later version of Sparekey made. Upgrade to open it."
        case .otherMasterKey(let needed, let given, let whereabouts):
            "The keyring needs the master key \(needed), but \(whereabouts) is \(given). Give the master key that the "
                + "keyring was made with or last changed to."
        case .masterKey(let error): error.description
        case .changed:
            "The keyring was changed by something that does not have its root key. Restore it from a backup and look for "
                + "who changed the database."
        case .sealing(let error): error.description
        case .noSuchVersion(let version): "The keyring has no version \(version)."
        case .wrongState(let version, let state, let wanted):
            "Version \(version) of the keyring is \(state.rawValue) and cannot become \(wanted.rawValue)."
        case .tooManyRecoveryRecipients:
            "The keyring has \(KeyringDocument.mostRecoveryRecipients) recovery keys already; remove one first."
        case .recoveryRecipientIsThere(let id): "The keyring has the recovery key \(id) already."
        case .noSuchRecoveryRecipient(let id):
            "The keyring has no recovery key \(id). Type: sparekey keyring show"
        case .notForIngest(let reason): "The ingest file cannot be used: \(reason)."
        }
    }
}
