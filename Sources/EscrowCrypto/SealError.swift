/// Why a secret is not sealed, or a sealed record not opened.
package enum SealError: Error, Hashable, Sendable {
    /// There is nobody to seal to.
    case noRecipients
    /// There are more recipients than a record can have, or one of them twice.
    case badRecipients
    /// The secret is empty or longer than `SealedRecord.longestSecret`.
    case badLength
    /// The bytes are not a public key of the suite.
    case invalidPublicKey
    /// The bytes are not a private key of the suite.
    case invalidPrivateKey
    /// The library refused to encrypt.
    case encryptionFailed
    /// The bytes are not a sealed record at all.
    case malformed
    /// The record is of a later version of the format.
    case unsupportedVersion
    /// None of the keys here is among those that the record is sealed to.
    case unknownRecipients([RecipientID])
    /// The record is sealed to a key here, but it was sealed for another context or was changed since.
    case doesNotOpen
}

extension SealError: CustomStringConvertible {
    /// What is wrong and what to do; nothing of the secret or of the record's content.
    package var description: String {
        switch self {
        case .noRecipients: "There is no key to seal to."
        case .badRecipients: "A record can be sealed to at most \(SealedRecord.mostRecipients) different keys."
        case .badLength: "A secret to seal must have 1 to \(SealedRecord.longestSecret) bytes."
        case .invalidPublicKey: "The bytes are not a public key to seal to."
        case .invalidPrivateKey: "The bytes are not a private key to open with."
        case .encryptionFailed: "The secret could not be encrypted."
        case .malformed: "The sealed record is damaged: it has not the form of one. Restore it from a backup."
        case .unsupportedVersion: "The sealed record was made by a later version of Sparekey. Upgrade to open it."
        case .unknownRecipients(let recipients):
            "The record is sealed to the keys \(recipients.map(\.description).joined(separator: ", ")), and the keyring "
                + "has the private half of none of them. Restore the keyring that does, or use the offline recovery key."
        case .doesNotOpen:
            "The sealed record does not open here: it was made for another device, volume, protector or key version, "
                + "or it was changed. Compare it with a backup and look for who changed the database."
        }
    }
}
