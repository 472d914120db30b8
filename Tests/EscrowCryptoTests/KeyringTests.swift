import BitLocker
import Crypto
import EscrowCrypto
import EscrowModel
import FoundationEssentials
import Glibc
import Testing

struct KeyringTests: ~Copyable {
    private let folder: String
    private let now = Timestamp(seconds: 1_800_000_000)

    init() throws {
        var template = Array("/tmp/sparekey-keyring-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        self.folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for name in ["a", "b"] { unlink(self.folder + "/" + name) }
        rmdir(self.folder)
    }

    private func masterKey(_ name: String = "a") throws -> FileMasterKey {
        var generator = SystemRandomNumberGenerator()
        return try FileMasterKey.create(path: self.folder + "/" + name, using: &generator)
    }

    private static func passphrase(_ text: String = "correct horse battery") -> PassphraseMasterKey {
        PassphraseMasterKey(SecretBytes(copying: Array(text.utf8).span), cost: ScryptCost(logN: 10))
    }

    private static func seal(with keyring: Keyring) throws -> [UInt8] {
        try keyring.sealer().seal(SealTests.secret, context: SealTests.context)
    }

    private static func opens(_ sealed: [UInt8], _ keyring: Keyring) throws -> Bool {
        let opened = try keyring.opener.open(sealed, context: SealTests.context)
        return opened.withUnsafeBytes { Array($0) } == SealTests.secret
    }

    @Test("A stored keyring opens with its master key and has everything it had", arguments: SealSuite.allCases)
    func reopening(suite: SealSuite) async throws {
        let provider = try self.masterKey()
        let made = try await Keyring.create(under: provider, suite: suite, at: self.now)
        let sealed = try Self.seal(with: made)
        let opened = try await Keyring(KeyringDocument(json: made.document.json), under: provider)
        #expect(opened.document == made.document)
        #expect(try Self.opens(sealed, opened))
        #expect(opened.auditLogSeed == made.auditLogSeed)
        #expect(opened.failedCanaries().isEmpty)
        let fingerprint = made.fingerprinter.fingerprint(of: SealTests.secret, context: SealTests.context)
        #expect(opened.fingerprinter.fingerprint(of: SealTests.secret, context: SealTests.context) == fingerprint)
        let signingKey = try Curve25519.Signing.PrivateKey(rawRepresentation: made.auditLogSeed)
        #expect(made.document.auditLogPublicKey == Array(signingKey.publicKey.rawRepresentation))
    }

    @Test("A new keyring has generation 1, one active version, and knows when it was made")
    func newKeyring() async throws {
        let document = try await Keyring.create(under: Self.passphrase(), at: self.now).document
        #expect(document.generation == 1)
        #expect(document.versions.count == 1)
        #expect(document.active.number == 1)
        #expect(document.active.createdAt == self.now)
        #expect(document.active.recipient.suite == .p256)
        #expect(document.masterKey == "passphrase")
    }

    @Test("A server without the master key can seal what a server with it opens")
    func sealingOnly() async throws {
        let keyring = try await Keyring.create(under: Self.passphrase(), at: self.now)
        let document = try KeyringDocument(json: keyring.document.json)
        let sealed = try document.sealer().seal(SealTests.secret, context: SealTests.context)
        #expect(try Self.opens(sealed, keyring))
        #expect(document.version(of: try SealedRecord(parsing: sealed).recipients[0])?.number == 1)
    }

    @Test("An offline recovery key opens without the keyring, and the keyring without it")
    func offlineRecipient() async throws {
        var keyring = try await Keyring.create(under: Self.passphrase(), at: self.now)
        let offline = try RecipientPrivateKey.generate(.xWing)
        try keyring.addRecoveryRecipient(offline.recipient, at: self.now)
        keyring = try await Keyring(KeyringDocument(json: keyring.document.json), under: Self.passphrase())
        let sealed = try Self.seal(with: keyring)
        #expect(try Self.opens(sealed, keyring))
        let opened = try Opener(keys: [offline]).open(sealed, context: SealTests.context)
        #expect(opened.withUnsafeBytes { Array($0) } == SealTests.secret)
    }

    @Test("Another master key, of the same kind and of another, is refused with the name of the one that is needed")
    func wrongMasterKey() async throws {
        let right = try self.masterKey("a")
        let wrong = try self.masterKey("b")
        let document = try await Keyring.create(under: right, at: self.now).document
        for provider in [wrong, Self.passphrase()] as [any MasterKeyProvider] {
            let error = await #expect(throws: KeyringError.self) { _ = try await Keyring(document, under: provider) }
            let text = try #require(error).description
            #expect(text.contains(right.id))
            #expect(text.contains(provider.id))
            #expect(text.contains(provider.whereabouts))
        }
    }

    @Test("Another passphrase is refused, and the error does not have it")
    func wrongPassphrase() async throws {
        let document = try await Keyring.create(under: Self.passphrase(), at: self.now).document
        let error = await #expect(throws: KeyringError.self) {
            _ = try await Keyring(document, under: Self.passphrase("incorrect horse battery"))
        }
        #expect(error == .masterKey(.doesNotUnwrap(whereabouts: "the passphrase that was given")))
        #expect(try #require(error).description.contains("horse") == false)
    }

    @Test(
        "Rotating: a pending version seals nothing, the active one does, the former still opens until it is destroyed"
    )
    func rotating() async throws {
        let provider = try self.masterKey()
        var keyring = try await Keyring.create(under: provider, at: self.now)
        let first = try Self.seal(with: keyring)
        let number = try keyring.addVersion(suite: .xWing, at: self.now)
        #expect(number == 2)
        #expect(keyring.document.versions.map(\.state) == [.active, .pending])
        #expect(keyring.document.active.number == 1)

        try keyring.activate(number)
        #expect(keyring.document.versions.map(\.state) == [.openOnly, .active])
        #expect(keyring.document.generation == 3)
        let second = try Self.seal(with: keyring)
        #expect(try SealedRecord(parsing: second).recipients == [keyring.document.versions[1].recipient.id])

        keyring = try await Keyring(KeyringDocument(json: keyring.document.json), under: provider)
        #expect(try Self.opens(first, keyring))
        #expect(try Self.opens(second, keyring))
        #expect(keyring.failedCanaries().isEmpty)

        let old = keyring.document.versions[0].recipient.id
        try keyring.destroy(1)
        #expect(throws: SealError.unknownRecipients([old])) { _ = try Self.opens(first, keyring) }
        keyring = try await Keyring(KeyringDocument(json: keyring.document.json), under: provider)
        #expect(throws: SealError.unknownRecipients([old])) { _ = try Self.opens(first, keyring) }
        #expect(keyring.document.version(of: old)?.state == .destroyed)
        #expect(try Self.opens(second, keyring))
        #expect(keyring.failedCanaries().isEmpty)
    }

    @Test("A version goes only where its life leads")
    func states() async throws {
        var keyring = try await Keyring.create(under: Self.passphrase(), at: self.now)
        #expect(throws: KeyringError.wrongState(version: 1, state: .active, wanted: .destroyed)) {
            try keyring.destroy(1)
        }
        #expect(throws: KeyringError.wrongState(version: 1, state: .active, wanted: .active)) {
            try keyring.activate(1)
        }
        #expect(throws: KeyringError.noSuchVersion(2)) { try keyring.activate(2) }
        #expect(keyring.document.generation == 1)
        let two = try keyring.addVersion(suite: .p256, at: self.now)
        try keyring.destroy(two)
        #expect(throws: KeyringError.wrongState(version: 2, state: .destroyed, wanted: .active)) {
            try keyring.activate(2)
        }
        let three = try keyring.addVersion(suite: .p256, at: self.now)
        #expect(three == 3)
        try keyring.activate(three)
        #expect(throws: KeyringError.wrongState(version: 1, state: .openOnly, wanted: .active)) {
            try keyring.activate(1)
        }
    }

    @Test("Each version knows the seal epochs of what was sealed to it; adding a recovery key begins a new epoch")
    func epochs() async throws {
        var keyring = try await Keyring.create(under: Self.passphrase(), at: self.now)
        func epochs(_ keyring: Keyring) -> [Range<Int>] {
            keyring.document.versions.map { keyring.document.sealEpochs(of: $0) }
        }
        #expect(epochs(keyring) == [1..<2])
        let safe = try RecipientPrivateKey.generate(.p256).recipient
        try keyring.addRecoveryRecipient(safe, at: self.now)
        #expect(epochs(keyring) == [1..<3])
        let two = try keyring.addVersion(suite: .xWing, at: self.now)
        #expect(epochs(keyring) == [1..<3, 0..<0])
        try keyring.activate(two)
        #expect(epochs(keyring) == [1..<3, 3..<4])
        #expect(throws: KeyringError.recoveryRecipientIsThere(safe.id)) {
            try keyring.addRecoveryRecipient(safe, at: self.now)
        }
        try keyring.removeRecoveryRecipient(safe.id)
        #expect(epochs(keyring) == [1..<3, 3..<5])
        #expect(keyring.document.sealEpoch == 4)
        keyring = try await Keyring(KeyringDocument(json: keyring.document.json), under: Self.passphrase())
        #expect(epochs(keyring) == [1..<3, 3..<5])
        #expect(throws: KeyringError.noSuchRecoveryRecipient(safe.id)) { try keyring.removeRecoveryRecipient(safe.id) }
        for _ in 0..<4 {
            try keyring.addRecoveryRecipient(try RecipientPrivateKey.generate(.p256).recipient, at: self.now)
        }
        #expect(throws: KeyringError.tooManyRecoveryRecipients) {
            try keyring.addRecoveryRecipient(safe, at: self.now)
        }
    }

    @Test("Changing the master key keeps every key, and the old master key opens the new document no more")
    func changingMasterKey() async throws {
        let file = try self.masterKey()
        var keyring = try await Keyring.create(under: file, at: self.now)
        let sealed = try Self.seal(with: keyring)
        try keyring.activate(try keyring.addVersion(suite: .xWing, at: self.now))
        let seed = keyring.auditLogSeed
        try await keyring.changeMasterKey(to: Self.passphrase())
        let document = try KeyringDocument(json: keyring.document.json)
        let opened = try await Keyring(document, under: Self.passphrase())
        #expect(try Self.opens(sealed, opened))
        #expect(opened.auditLogSeed == seed)
        #expect(opened.failedCanaries().isEmpty)
        #expect(opened.document.generation == 4)
        await #expect(throws: KeyringError.self) { _ = try await Keyring(document, under: file) }
    }

    @Test(
        "A keyring that was changed by somebody without its root key does not open",
        arguments: [
            ("\"state\":\"active\"", "\"state\":\"openOnly\""),
            ("\"generation\":3", "\"generation\":4"),
            ("\"created\":1800000000000", "\"created\":1800000000001"),
            ("\"number\":2", "\"number\":3"),
        ]
    )
    func tampering(part: String, replacement: String) async throws {
        var keyring = try await Keyring.create(under: Self.passphrase(), at: self.now)
        let two = try keyring.addVersion(suite: .p256, at: self.now)
        try keyring.activate(two)
        let json = String(decoding: keyring.document.json, as: UTF8.self)
        var changed = json.replacing(part, with: replacement)
        #expect(changed != json)
        if part.contains("active") {
            // Two versions swap their states, so that one is still active.
            changed = json.replacing("openOnly", with: "?").replacing("active", with: "openOnly").replacing(
                "?",
                with: "active"
            )
        }
        let document = try KeyringDocument(json: Array(changed.utf8))
        await #expect(throws: KeyringError.changed) { _ = try await Keyring(document, under: Self.passphrase()) }
    }

    @Test("A public key that was put in place of the keyring's is noticed")
    func replacedPublicKey() async throws {
        let keyring = try await Keyring.create(under: Self.passphrase(), at: self.now)
        let theirs = try RecipientPrivateKey.generate(.p256).recipient
        let json = String(decoding: keyring.document.json, as: UTF8.self).replacing(
            Data(keyring.document.active.recipient.publicKey).base64EncodedString(),
            with: Data(theirs.publicKey).base64EncodedString()
        )
        let document = try KeyringDocument(json: Array(json.utf8))
        #expect(document.active.recipient == theirs)
        await #expect(throws: KeyringError.changed) { _ = try await Keyring(document, under: Self.passphrase()) }
    }

    @Test("A wrapped key of another keyring does not pass, though both have the same master key")
    func otherKeyring() async throws {
        let one = try await Keyring.create(under: Self.passphrase(), at: self.now).document
        let two = try await Keyring.create(under: Self.passphrase(), at: self.now).document
        let json = String(decoding: one.json, as: UTF8.self).replacing(one.id.description, with: two.id.description)
        let document = try KeyringDocument(json: Array(json.utf8))
        await #expect(throws: KeyringError.masterKey(.doesNotUnwrap(whereabouts: "the passphrase that was given"))) {
            _ = try await Keyring(document, under: Self.passphrase())
        }
    }

    @Test(
        "What is no keyring document is refused with what is wrong with it",
        arguments: [
            ("", "not a JSON object"), ("{}", "not a JSON object"), ("[1]", "not a JSON object"),
            (#"{"format":1}"#, "a member is missing"), (#"{"format":2}"#, "a member is missing"),
            (#"{"format":3}"#, "format 3"),
        ]
    )
    func malformed(json: String, text: String) throws {
        let error = #expect(throws: KeyringError.self) { try KeyringDocument(json: Array(json.utf8)) }
        #expect(try #require(error).description.contains(text))
    }

    @Test(
        "Documents whose versions make no sense are refused",
        arguments: [
            ("\"state\":\"active\"", "\"state\":\"pending\"", "exactly one active"),
            ("\"state\":\"active\"", "\"state\":\"destroyed\"", "private key"),
            ("\"state\":\"active\"", "\"state\":\"asleep\"", "unknown state"),
            ("\"number\":1", "\"number\":0", "numbered upwards"),
            ("\"suite\":\"P-256\"", "\"suite\":\"RSA\"", "unknown suite"),
            ("\"suite\":\"P-256\"", "\"suite\":\"X-Wing\"", "bad public key"),
        ]
    )
    func senseless(part: String, replacement: String, text: String) async throws {
        let document = try await Keyring.create(under: Self.passphrase(), at: self.now).document
        let json = String(decoding: document.json, as: UTF8.self)
        #expect(json.contains(part))
        let error = #expect(throws: KeyringError.self) {
            try KeyringDocument(json: Array(json.replacing(part, with: replacement).utf8))
        }
        #expect(try #require(error).description.contains(text))
    }
}
