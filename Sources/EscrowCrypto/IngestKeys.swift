package import BitLocker
package import Crypto

/// What a server has that only takes deposits: enough to seal, to recognise a secret and to write the audit log, and nothing
/// that opens a secret.
///
/// Exported from a full server, and kept in a file of its own. The public keys are not in it: they are read from the stored
/// keyring document, where they change, and believed only under the signature of the audit log's key, which is here.
package struct IngestKeys: Sendable {
    /// Whose document it goes with.
    package let keyring: GUID
    /// The audit log's Ed25519 public key, 32 bytes.
    package let auditLogPublicKey: [UInt8]
    /// The seed of the audit log's signing key.
    package let auditLogSeed: SymmetricKey
    /// The key that fingerprints are made with.
    package let fingerprintKey: SymmetricKey
    /// The seal epoch at the time of the export: a document of an earlier one was put back.
    package let leastSealEpoch: Int

    /// Takes what is to be exported.
    package init(_ keys: ServerKeys) {
        let document = keys.document
        self.keyring = document.id
        self.auditLogPublicKey = document.auditLogPublicKey
        self.auditLogSeed = keys.auditLogSeed
        self.fingerprintKey = keys.fingerprintKey
        self.leastSealEpoch = document.sealEpoch
    }

    /// What the server works with, given the stored document. Throws what is wrong with that.
    package func serverKeys(with document: KeyringDocument) throws(KeyringError) -> ServerKeys {
        try self.check(document)
        return ServerKeys(
            document: document,
            fingerprintKey: self.fingerprintKey,
            auditLogSeed: self.auditLogSeed
        )
    }

    /// Checks that a stored document is this keyring's, is not older than the export, and seals to whom the keyring's owner
    /// signed. Throws what is wrong.
    package func check(_ document: KeyringDocument) throws(KeyringError) {
        guard document.id == self.keyring else {
            throw .notForIngest(reason: "it was exported from the keyring \(self.keyring), and this is \(document.id)")
        }
        guard document.format > 1 else {
            throw .notForIngest(
                reason: "the stored keyring is not signed yet; export the file again with a full server"
            )
        }
        guard document.isSigned(by: self.auditLogPublicKey) else { throw .changed }
        guard document.sealEpoch >= self.leastSealEpoch else {
            throw .notForIngest(
                reason: "the stored keyring is older than the file; somebody put an old one back, or restored a backup"
            )
        }
    }
}
