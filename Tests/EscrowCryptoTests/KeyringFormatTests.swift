import BitLocker
import Crypto
import EscrowCrypto
import EscrowModel
import FoundationEssentials
import Glibc
import Testing

/// `keyring-format-1.json`: a keyring as the first released version wrote it, with its master key, which protects nothing.
struct KeyringFormatTests {
    private struct Fixture: Decodable {
        let masterKey: String
        let document: String
    }

    private let fixture: Fixture
    private let document: [UInt8]
    private let now = Timestamp(seconds: 1_800_000_000)

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "keyring-format-1.json")
        self.fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
        self.document = Array(self.fixture.document.utf8)
    }

    private func provider() throws -> FileMasterKey {
        var template = Array("/tmp/sparekey-format-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        defer {
            close(descriptor)
            unlink(template)
        }
        let digits = Array(self.fixture.masterKey)
        let key = stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
        try #require(write(descriptor, key, key.count) == 32)
        return try FileMasterKey(
            path: String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        )
    }

    @Test("A keyring of format 1 opens, and is stored as it was until it is changed")
    func readingTheFirst() async throws {
        let document = try KeyringDocument(json: self.document)
        #expect(document.format == 1)
        #expect(document.sealEpoch == 1)
        #expect(document.json == self.document)
        let keyring = try await Keyring(document, under: self.provider())
        #expect(keyring.failedCanaries().isEmpty)
    }

    @Test("Changing a keyring of format 1 makes it one of format 2 that has everything it had")
    func upgrading() async throws {
        let provider = try self.provider()
        var keyring = try await Keyring(KeyringDocument(json: self.document), under: provider)
        let sealed = try keyring.sealer().seal(SealTests.secret, context: SealTests.context)
        try keyring.activate(try keyring.addVersion(suite: .xWing, at: self.now))
        keyring = try await Keyring(KeyringDocument(json: keyring.document.json), under: provider)
        #expect(keyring.document.format == 2)
        #expect(keyring.document.sealEpoch == 2)
        #expect(keyring.failedCanaries().isEmpty)
        let opened = try keyring.opener.open(sealed, context: SealTests.context)
        #expect(opened.withUnsafeBytes { Array($0) } == SealTests.secret)
    }

    @Test("What format 1 does not have, and its MAC would not cover, is not taken from a document of format 1")
    func smuggling() async throws {
        let theirs = try RecipientPrivateKey.generate(.p256).recipient
        let key = Data(theirs.publicKey).base64EncodedString()
        let smuggled = "{\"added\":1,\"publicKey\":\"\(key)\",\"suite\":\"P-256\"}"
        let text = String(decoding: self.document, as: UTF8.self).replacing(
            "\"format\":1,",
            with: "\"format\":1,\"recoveryRecipients\":[\(smuggled)],\"sealEpoch\":9,\"signature\":\"\","
        )
        let document = try KeyringDocument(json: Array(text.utf8))
        #expect(document.recoveryRecipients.isEmpty)
        #expect(document.sealEpoch == 1)
        let second = text.replacing("\"format\":1,", with: "\"format\":2,")
        let forged = try KeyringDocument(json: Array(second.utf8))
        #expect(forged.recoveryRecipients.count == 1)
        let provider = try self.provider()
        await #expect(throws: KeyringError.changed) { _ = try await Keyring(forged, under: provider) }
    }
}
