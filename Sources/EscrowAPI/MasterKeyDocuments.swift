/// Body of `POST /api/keyring/master-key`.
package struct ChangeMasterKeyRequest: Codable, Equatable, Sendable {
    /// Where the new master key is: `kind`, and the words that belong to the kind. Paths and addresses, never a secret.
    package var masterKey: [String: String]

    /// Makes a request from its parts.
    package init(masterKey: [String: String]) { self.masterKey = masterKey }
}

/// What became of it.
package struct ChangeMasterKeyAnswer: Codable, Equatable, Sendable {
    /// The ID of the master key that the keyring needs from now on.
    package var masterKey: String
    /// What was changed, as the log has it.
    package var detail: String

    /// Makes an answer from its parts.
    package init(masterKey: String, detail: String) {
        self.masterKey = masterKey
        self.detail = detail
    }
}
