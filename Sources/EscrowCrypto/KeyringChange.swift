/// A change of a keyring that needs what only the holder of its keys has.
package enum KeyringChange: Sendable, Hashable, Codable {
    /// Adds a version, pending.
    case addVersion(SealSuite)
    /// Seals to this version from now on; nil for the one added last.
    case activate(Int?)
    /// Destroys the private half of a version.
    case destroy(Int)
    /// Wraps all under a new root key, and that under another master key.
    case changeMasterKey(MasterKeyReference)
    /// Has everything sealed to an offline recovery key as well.
    case addRecoveryRecipient(SealSuite, publicKey: [UInt8])
    /// Seals nothing more to an offline recovery key, by the value of its `RecipientID`.
    case removeRecoveryRecipient(UInt64)
    /// Changes nothing but the generation: the document is written in the newest format, and signed.
    case renew
}

/// What a keyring would be after some changes.
package struct KeyringProposal: Sendable, Equatable {
    /// The document, to be stored in place of the present one.
    package let document: [UInt8]
    /// What the changes are, in the holder's words: the `detail` that their event on the log must have.
    package let detail: String

    /// Puts both together.
    package init(document: [UInt8], detail: String) {
        self.document = document
        self.detail = detail
    }
}

/// Where a master key is, in words that only those understand who make its provider: it goes from process to process.
package struct MasterKeyReference: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Names and values: paths and addresses, never a secret.
    package let settings: [String: String]

    /// Takes the words.
    package init(_ settings: [String: String]) { self.settings = settings }

    /// All of it in one line, for the log: `kind=file path=/etc/sparekey/master.key`.
    package var description: String {
        self.settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }
}

/// Makes the provider that a reference means.
///
/// `isNew` says that the installation is, or the use of this master key: one that is not there may be made then, and
/// `notice` is told.
package typealias MasterKeyResolver =
    @Sendable (_ reference: MasterKeyReference, _ isNew: Bool, _ notice: (String) -> Void) async throws ->
    any MasterKeyProvider
