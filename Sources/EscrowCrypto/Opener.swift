package import BitLocker
import Crypto
import FoundationEssentials

/// Opens sealed records: holds private keys.
package struct Opener: Sendable {
    private let keys: [RecipientID: RecipientPrivateKey]

    /// Takes the keys to open with.
    package init(keys: [RecipientPrivateKey]) {
        self.keys = Dictionary(keys.map { ($0.recipient.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Opens a record that was sealed for exactly this context. The secret is wiped when it goes out of use.
    package func open(_ sealed: [UInt8], context: SealContext) throws(SealError) -> SecretBytes {
        let record = try SealedRecord(parsing: sealed)
        guard var secret = try self.dataKey(of: record, context: context).openPayload(of: record) else {
            throw .doesNotOpen
        }
        defer { secret.wipe() }
        return SecretBytes(count: secret.count) { storage in secret.copyBytes(to: storage) }
    }

    /// Seals a record's data key to other recipients. The payload stays as it is, and its content is never decrypted.
    package func rewrap(_ sealed: [UInt8], context: SealContext, for sealer: Sealer) throws(SealError) -> [UInt8] {
        let record = try SealedRecord(parsing: sealed)
        let key = try self.dataKey(of: record, context: context)
        return try sealer.record(of: key, nonce: record.nonce, ciphertext: record.ciphertext).bytes
    }

    /// The record's data key, once everything but the payload is known to belong to it.
    private func dataKey(of record: SealedRecord, context: SealContext) throws(SealError) -> DataKey {
        let bytes = context.canonicalBytes
        var isSealedToUs = false
        for stanza in record.stanzas {
            guard let key = self.keys[stanza.recipient] else { continue }
            isSealedToUs = true
            guard stanza.suite == key.recipient.suite.rawValue else { throw .doesNotOpen }
            let info = DataKey.info(recipient: key.recipient, commitment: record.commitment, context: bytes)
            guard let opened = key.open(stanza.sealedKey, info: info), opened.bitCount == 256 else { continue }
            let dataKey = DataKey(opened, context: context)
            guard constantTimeEqual(dataKey.commitment, record.commitment), dataKey.authenticates(record) else {
                throw .doesNotOpen
            }
            return dataKey
        }
        throw isSealedToUs ? .doesNotOpen : .unknownRecipients(record.recipients)
    }
}

/// Compares in a time that depends on the lengths only.
func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    // The comparison of keys is BoringSSL's, which no optimiser shortens.
    SymmetricKey(data: left) == SymmetricKey(data: right)
}
