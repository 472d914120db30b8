import BitLocker
import Crypto
import EscrowCrypto
import EscrowModel
import FoundationEssentials
import Testing

struct SealedRecordTests {
    private let key = P256.KeyAgreement.PrivateKey()
    private let other = P256.KeyAgreement.PrivateKey()

    private func opener(_ key: P256.KeyAgreement.PrivateKey) throws -> Opener {
        let bytes = SymmetricKey(data: key.rawRepresentation)
        return Opener(keys: [try RecipientPrivateKey(suite: .p256, rawRepresentation: bytes)])
    }

    private func opens(_ sealed: [UInt8], with opener: Opener) throws(SealError) -> [UInt8] {
        let opened = try opener.open(sealed, context: SealTests.context)
        return opened.withUnsafeBytes { Array($0) }
    }

    @Test("A record made from the format's description alone opens")
    func description() throws {
        var record = HandMadeRecord()
        record.stanzas = [(self.key.publicKey, record.dataKey), (self.other.publicKey, record.dataKey)]
        let sealed = try record.bytes()
        #expect(try self.opens(sealed, with: try self.opener(self.key)) == SealTests.secret)
        #expect(try self.opens(sealed, with: try self.opener(self.other)) == SealTests.secret)
    }

    @Test("A hostile sealer cannot give two recipients different data keys")
    func commitment() throws {
        var record = HandMadeRecord()
        record.stanzas = [(self.key.publicKey, record.dataKey), (self.other.publicKey, SymmetricKey(size: .bits256))]
        let sealed = try record.bytes()
        #expect(try self.opens(sealed, with: try self.opener(self.key)) == SealTests.secret)
        #expect(throws: SealError.doesNotOpen) { try self.opens(sealed, with: try self.opener(self.other)) }
    }

    @Test("A data key that is not 256 bits long is refused")
    func shortDataKey() throws {
        var record = HandMadeRecord()
        record.dataKey = SymmetricKey(size: .bits128)
        record.stanzas = [(self.key.publicKey, record.dataKey)]
        let sealed = try record.bytes()
        #expect(throws: SealError.doesNotOpen) { try self.opens(sealed, with: try self.opener(self.key)) }
    }

    @Test("A stanza of a suite from the future is left alone, and everybody else can still open")
    func futureSuite() throws {
        var record = HandMadeRecord()
        record.stanzas = [(self.key.publicKey, record.dataKey)]
        record.foreignStanza = [9, 9, 9, 9, 9, 9, 9, 9, 0x01, 0x00, 0, 3, 1, 2, 3]
        let sealed = try record.bytes()
        #expect(try self.opens(sealed, with: try self.opener(self.key)) == SealTests.secret)
        #expect(try SealedRecord(parsing: sealed).recipients.first == RecipientID(value: 0x0909_0909_0909_0909))
    }

    @Test(
        "A change of any bit of a record is refused, of another recipient's stanza too",
        arguments: SealSuite.allCases
    )
    func bitFlips(suite: SealSuite) throws {
        let keys = [try RecipientPrivateKey.generate(suite), try RecipientPrivateKey.generate(.p256)]
        let sealed = try Sealer(recipients: keys.map(\.recipient)).seal(
            SealTests.secret,
            context: SealTests.context
        )
        for key in keys {
            let opener = Opener(keys: [key])
            #expect(try self.opens(sealed, with: opener) == SealTests.secret)
            for index in sealed.indices {
                var changed = sealed
                changed[index] ^= 1 << (index % 8)
                #expect(throws: SealError.self, "byte \(index)") { try self.opens(changed, with: opener) }
            }
        }
    }

    @Test("A record that was cut anywhere or added to is refused")
    func lengths() throws {
        let key = try RecipientPrivateKey.generate(.p256)
        let sealed = try Sealer(recipients: [key.recipient]).seal(SealTests.secret, context: SealTests.context)
        let opener = Opener(keys: [key])
        for length in sealed.indices {
            #expect(throws: SealError.self) { try self.opens(Array(sealed[..<length]), with: opener) }
        }
        #expect(throws: SealError.doesNotOpen) { try self.opens(sealed + [0], with: opener) }
        let long = sealed + [UInt8](repeating: 0, count: SealedRecord.longestSecret)
        #expect(throws: SealError.malformed) { try self.opens(long, with: opener) }
    }

    @Test("Bytes that are no record are told from records of a later version")
    func otherFormats() throws {
        let rest = [UInt8](repeating: 1, count: 400)
        #expect(throws: SealError.unsupportedVersion) { try SealedRecord(parsing: Array("SKS2".utf8) + rest) }
        #expect(throws: SealError.malformed) { try SealedRecord(parsing: Array("XKS1".utf8) + rest) }
        #expect(throws: SealError.malformed) { try SealedRecord(parsing: []) }
        #expect(throws: SealError.malformed) { try SealedRecord(parsing: Array("SKS1".utf8) + [0] + rest) }
        #expect(throws: SealError.malformed) { try SealedRecord(parsing: Array("SKS1".utf8) + [17] + rest) }
    }

    @Test("No random bytes crash the reader")
    func noise() throws {
        var generator = SystemRandomNumberGenerator()
        let opener = try self.opener(self.key)
        for length in 0..<600 {
            let noise = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(throws: SealError.self) { try self.opens(noise, with: opener) }
            let head = Array("SKS1".utf8) + [UInt8.random(in: 1...3, using: &generator)]
            #expect(throws: SealError.self) { try self.opens(head + noise, with: opener) }
        }
    }

    @Test("A record that is sealed to others names them")
    func unknownRecipient() throws {
        let key = try RecipientPrivateKey.generate(.p256)
        let sealed = try Sealer(recipients: [key.recipient]).seal(SealTests.secret, context: SealTests.context)
        let error = #expect(throws: SealError.unknownRecipients([key.recipient.id])) {
            try self.opens(sealed, with: try self.opener(self.key))
        }
        #expect(try #require(error).description.contains(key.recipient.id.description))
    }

    @Test(
        "Sealing again for other recipients leaves the payload as it is and shuts the old ones out",
        arguments: SealSuite.allCases
    )
    func rewrap(suite: SealSuite) throws {
        let old = try RecipientPrivateKey.generate(.p256)
        let new = try RecipientPrivateKey.generate(suite)
        let sealed = try Sealer(recipients: [old.recipient]).seal(SealTests.secret, context: SealTests.context)
        let again = try Opener(keys: [old]).rewrap(
            sealed,
            context: SealTests.context,
            for: Sealer(recipients: [new.recipient])
        )
        #expect(try self.opens(again, with: Opener(keys: [new])) == SealTests.secret)
        #expect(throws: SealError.unknownRecipients([new.recipient.id])) {
            try self.opens(again, with: Opener(keys: [old]))
        }
        let payloadLength = 12 + SealTests.secret.count + 16
        #expect(again.suffix(payloadLength) == sealed.suffix(payloadLength))
    }

    @Test("The stanza of one record with the payload of another does not open")
    func mixedRecords() throws {
        let key = try RecipientPrivateKey.generate(.p256)
        let sealer = try Sealer(recipients: [key.recipient])
        let one = try sealer.seal(SealTests.secret, context: SealTests.context)
        let two = try sealer.seal(SealTests.secret, context: SealTests.context)
        let payloadLength = 12 + SealTests.secret.count + 16
        let mixed = Array(one.dropLast(payloadLength)) + two.suffix(payloadLength)
        #expect(throws: SealError.doesNotOpen) { try self.opens(mixed, with: Opener(keys: [key])) }
    }

    @Test("Limits: no recipient, one twice, too many; an empty secret and one too long; keys of the wrong form")
    func limits() throws {
        let key = try RecipientPrivateKey.generate(.p256)
        #expect(throws: SealError.noRecipients) { try Sealer(recipients: []) }
        #expect(throws: SealError.badRecipients) { try Sealer(recipients: [key.recipient, key.recipient]) }
        let many = try (0..<17).map { _ in try RecipientPrivateKey.generate(.p256).recipient }
        #expect(throws: SealError.badRecipients) { try Sealer(recipients: many) }
        let sealer = try Sealer(recipients: Array(many.prefix(16)))
        let longest = [UInt8](repeating: 7, count: SealedRecord.longestSecret)
        #expect(
            try SealedRecord(parsing: try sealer.seal(longest, context: SealTests.context)).recipients.count == 16
        )
        #expect(throws: SealError.badLength) { try sealer.seal(longest + [7], context: SealTests.context) }
        #expect(throws: SealError.badLength) { try sealer.seal([], context: SealTests.context) }
        for suite in SealSuite.allCases {
            #expect(throws: SealError.invalidPublicKey) { try Recipient(suite: suite, publicKey: []) }
            #expect(throws: SealError.invalidPublicKey) {
                try Recipient(suite: suite, publicKey: [UInt8](repeating: 4, count: 65))
            }
            #expect(throws: SealError.invalidPrivateKey) {
                try RecipientPrivateKey(suite: suite, rawRepresentation: SymmetricKey(size: .bits128))
            }
        }
    }
}
