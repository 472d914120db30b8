import Crypto
import FoundationEssentials

/// The key of one record, and all that is made from it and from the record's context.
struct DataKey {
    private let key: SymmetricKey
    private let context: [UInt8]
    private let contextHash: [UInt8]

    /// Takes a key that a stanza held, or a new one.
    init(_ key: SymmetricKey, context: SealContext) {
        self.key = key
        self.context = context.canonicalBytes
        self.contextHash = Array(SHA256.hash(data: self.context))
    }

    /// Ties the record to this key.
    var commitment: [UInt8] { self.derived("commitment").withUnsafeBytes { Array($0) } }

    /// Authenticates everything before the header MAC.
    func headerMAC(_ header: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: header, using: self.derived("header")))
    }

    /// Whether a header is the one that was authenticated, in constant time.
    func authenticates(_ record: SealedRecord) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(
            record.headerMAC,
            authenticating: SealedRecord.header(stanzas: record.stanzas, commitment: record.commitment),
            using: self.derived("header")
        )
    }

    /// Seals the key to recipients.
    func stanzas(for recipients: [Recipient]) throws(SealError) -> [SealedRecord.Stanza] {
        let commitment = self.commitment
        var stanzas: [SealedRecord.Stanza] = []
        for recipient in recipients {
            let info = Self.info(recipient: recipient, commitment: commitment, context: self.context)
            guard let sealedKey = try? recipient.seal(self.key, info: info) else { throw .encryptionFailed }
            let suite = recipient.suite.rawValue
            stanzas.append(SealedRecord.Stanza(recipient: recipient.id, suite: suite, sealedKey: sealedKey[...]))
        }
        return stanzas
    }

    /// Encrypts a secret.
    func sealPayload(_ secret: Span<UInt8>) throws(SealError) -> (nonce: [UInt8], ciphertext: [UInt8]) {
        let box = secret.withUnsafeBytes { secret in
            try? AES.GCM.seal(secret, using: self.derived("payload"), authenticating: self.context)
        }
        guard let box else { throw .encryptionFailed }
        return (Array(box.nonce), Array(box.ciphertext) + box.tag)
    }

    /// Decrypts a secret; nil when it was not encrypted under this key and context. The caller wipes it.
    func openPayload(of record: SealedRecord) -> Data? {
        guard let nonce = try? AES.GCM.Nonce(data: record.nonce),
            let box = try? AES.GCM.SealedBox(
                nonce: nonce,
                ciphertext: record.ciphertext.dropLast(16),
                tag: record.ciphertext.suffix(16)
            )
        else { return nil }
        return try? AES.GCM.open(box, using: self.derived("payload"), authenticating: self.context)
    }

    /// The HPKE `info` of a stanza. The commitment in it makes all recipients agree on the data key.
    static func info(recipient: Recipient, commitment: [UInt8], context: [UInt8]) -> [UInt8] {
        Array("sparekey/seal/v1/data-key\n".utf8) + recipient.id.value.bigEndianBytes
            + recipient.suite.rawValue.bigEndianBytes + commitment + context
    }

    private func derived(_ label: String) -> SymmetricKey {
        HKDF<SHA256>.expand(
            pseudoRandomKey: self.key,
            info: Array("sparekey/seal/v1/\(label)\n".utf8) + self.contextHash,
            outputByteCount: 32
        )
    }
}
