import Crypto

/// Seals secrets to a set of recipients. Holds public keys only, so a server that only takes deposits needs nothing else.
package struct Sealer: Sendable {
    /// Whom it seals to.
    package let recipients: [Recipient]

    /// Takes 1 to `SealedRecord.mostRecipients` different recipients.
    package init(recipients: [Recipient]) throws(SealError) {
        guard !recipients.isEmpty else { throw .noRecipients }
        guard recipients.count <= SealedRecord.mostRecipients, Set(recipients.map(\.id)).count == recipients.count
        else { throw .badRecipients }
        self.recipients = recipients
    }

    /// Seals a secret for one context. The randomness is the system's: neither HPKE nor the nonce lets it be chosen.
    package func seal(_ secret: Span<UInt8>, context: SealContext) throws(SealError) -> [UInt8] {
        guard (1...SealedRecord.longestSecret).contains(secret.count) else { throw .badLength }
        let key = DataKey(SymmetricKey(size: .bits256), context: context)
        let (nonce, ciphertext) = try key.sealPayload(secret)
        return try self.record(of: key, nonce: nonce, ciphertext: ciphertext).bytes
    }

    /// Puts a record together whose payload is encrypted already.
    func record(of key: DataKey, nonce: [UInt8], ciphertext: [UInt8]) throws(SealError) -> SealedRecord {
        let stanzas = try key.stanzas(for: self.recipients)
        let commitment = key.commitment
        return SealedRecord(
            stanzas: stanzas,
            commitment: commitment,
            headerMAC: key.headerMAC(SealedRecord.header(stanzas: stanzas, commitment: commitment)),
            nonce: nonce,
            ciphertext: ciphertext
        )
    }
}
