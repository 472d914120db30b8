package import EscrowModel

/// The public half of an offline recovery key: everything is sealed to it as well, and its private half is in a safe.
package struct RecoveryRecipient: Sendable, Equatable {
    /// The public key.
    package let recipient: Recipient
    /// When it was added to the keyring.
    package let addedAt: Timestamp
}
