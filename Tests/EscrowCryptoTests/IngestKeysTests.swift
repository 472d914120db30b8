import BitLocker
import EscrowCrypto
import EscrowModel
import FoundationEssentials
import Testing

struct IngestKeysTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    private static func passphrase() -> PassphraseMasterKey {
        PassphraseMasterKey(
            SecretBytes(copying: Array("correct horse battery".utf8).span),
            cost: ScryptCost(logN: 10)
        )
    }

    private func keyring() async throws -> Keyring {
        try await Keyring.create(under: Self.passphrase(), at: self.now)
    }

    @Test("The file has what it was made of, and seals what the full server opens after the keyring was rotated")
    func rotated() async throws {
        var keyring = try await self.keyring()
        let keys = try IngestKeys(json: IngestKeys(keyring.serverKeys).json)
        #expect(keys.auditLogSeed == keyring.auditLogSeed)
        let fingerprint = keyring.fingerprinter.fingerprint(of: SealTests.secret, context: SealTests.context)
        let theirs = KeyFingerprinter(key: keys.fingerprintKey)
        #expect(theirs.fingerprint(of: SealTests.secret, context: SealTests.context) == fingerprint)
        try keyring.activate(try keyring.addVersion(suite: .xWing, at: self.now))
        let document = try KeyringDocument(json: keyring.document.json)
        try keys.check(document)
        let sealed = try document.sealer().seal(SealTests.secret, context: SealTests.context)
        let opened = try keyring.opener.open(sealed, context: SealTests.context)
        #expect(opened.withUnsafeBytes { Array($0) } == SealTests.secret)
    }

    @Test("Nothing in the file opens a secret or is a private key of the keyring")
    func nothingThatOpens() async throws {
        let keyring = try await self.keyring()
        let members = try JSONDecoder().decode([String: Member].self, from: Data(IngestKeys(keyring.serverKeys).json))
        let names = ["auditLogPublicKey", "auditLogSeed", "fingerprintKey", "format", "keyring", "sealEpoch", "type"]
        #expect(members.keys.sorted() == names)
        #expect(members["auditLogSeed"]?.text != members["fingerprintKey"]?.text)
    }

    @Test("A public key, a recovery key or an epoch that somebody put into the database is refused")
    func tampering() async throws {
        var keyring = try await self.keyring()
        let theirs = try RecipientPrivateKey.generate(.p256).recipient
        let safe = try RecipientPrivateKey.generate(.p256).recipient
        try keyring.addRecoveryRecipient(safe, at: self.now)
        let keys = IngestKeys(keyring.serverKeys)
        let json = String(decoding: keyring.document.json, as: UTF8.self)
        let base64 = { (recipient: Recipient) in Data(recipient.publicKey).base64EncodedString() }
        for (part, replacement) in [
            (base64(keyring.document.active.recipient), base64(theirs)), (base64(safe), base64(theirs)),
            ("\"sealEpoch\":2", "\"sealEpoch\":3"), ("\"generation\":2", "\"generation\":3"),
        ] {
            let changed = json.replacing(part, with: replacement)
            #expect(changed != json)
            let document = try KeyringDocument(json: Array(changed.utf8))
            #expect(throws: KeyringError.changed, "\(part)") { try keys.check(document) }
        }
    }

    @Test("A keyring from before the export, and another keyring, are refused with what to do")
    func otherDocuments() async throws {
        var keyring = try await self.keyring()
        let before = keyring.document
        try keyring.activate(try keyring.addVersion(suite: .p256, at: self.now))
        let keys = IngestKeys(keyring.serverKeys)
        let old = #expect(throws: KeyringError.self) { try keys.check(before) }
        #expect(try #require(old).description.contains("older"))
        let other = try await self.keyring().document
        let error = #expect(throws: KeyringError.self) { try keys.check(other) }
        #expect(try #require(error).description.contains(other.id.description))
    }

    @Test("What is not such a file, or was damaged, is refused", arguments: ["", "{}", #"{"type":"sparekey-ingest"}"#])
    func malformed(text: String) throws {
        #expect(throws: KeyringError.self) { try IngestKeys(json: Array(text.utf8)) }
    }
}

/// A member of the file, whatever it is.
private struct Member: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self.text = try (try? container.decode(String.self)) ?? String(container.decode(Int.self))
    }
}
