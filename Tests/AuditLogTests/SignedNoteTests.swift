import AuditLog
import Crypto
import Testing

@Suite("Signed notes and checkpoints")
struct SignedNoteTests {
    struct Vector: Decodable {
        let origin: String
        let size: UInt64
        let root: String
        let logSeed: String
        let rotatedSeed: String
        let witnessSeed: String
        let logKey: String
        let rotatedKey: String
        let witnessKey: String
        let cosignatureTime: UInt64
        let note: String
    }

    static let exampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    static let example =
        "This is an example message.\n\n\u{2014} example.com/foo "
        + "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"

    private func key(_ name: String, _ seed: String) throws -> SigningKey {
        try SigningKey(name: name, seed: SymmetricKey(data: bytes(hex: seed)))
    }

    @Test("The published example of a signed note verifies, and comes out as it went in")
    func publishedExample() throws {
        let key = try VerifierKey(Self.exampleKey)
        #expect(key.name == "example.com/foo")
        #expect(key.keyID == 0x530D_903A)
        #expect(key.description == Self.exampleKey)
        let note = try SignedNote(parsing: Array(Self.example.utf8))
        #expect(note.text == "This is an example message.\n")
        #expect(try note.verified(by: [key]) == [key])
        #expect(note.description == Self.example)
    }

    @Test(
        "Another implementation's checkpoint, with two log keys, a witness and a kind of signature not known here, is ours to the byte"
    )
    func agreesWithOtherImplementation() throws {
        let vector: Vector = try Vectors.load("note.json")
        let log = try self.key(vector.origin, vector.logSeed)
        let rotated = try self.key(vector.origin, vector.rotatedSeed)
        let witness = try self.key("witness.example.com/w1", vector.witnessSeed)
        #expect(log.verifierKey.description == vector.logKey)
        #expect(rotated.verifierKey.description == vector.rotatedKey)
        #expect(witness.cosignerKey.description == vector.witnessKey)

        let root = try #require(TreeHash(base64: vector.root))
        let checkpoint = Checkpoint(origin: vector.origin, size: vector.size, root: root)
        let theirs = try SignedNote(parsing: Array(vector.note.utf8))
        let ours = try checkpoint.signed(by: [log, rotated])
            .adding(witness.cosign(checkpoint, at: vector.cosignatureTime))
            .adding(#require(theirs.signatures.last))
        #expect(ours.description == vector.note)

        #expect(try Checkpoint(verifying: theirs, by: [log.verifierKey]) == checkpoint)
        #expect(try Checkpoint(verifying: theirs, by: [rotated.verifierKey]) == checkpoint)
        let signers = try theirs.verified(by: [witness.cosignerKey, rotated.verifierKey])
        #expect(signers == [rotated.verifierKey, witness.cosignerKey])
        #expect(theirs.signatures[2].cosignatureTime == vector.cosignatureTime)
    }

    @Test("A bad signature that claims a known key spoils the note, even beside a good one")
    func knownBadSignature() throws {
        let log = try self.key("log", String(repeating: "01", count: 32))
        let checkpoint = Checkpoint(origin: "log", size: 0, root: MerkleTree.emptyRoot)
        let other = Checkpoint(origin: "log", size: 1, root: MerkleTree.leafHash(of: []))
        let note = try checkpoint.signed(by: log).adding(log.sign(other.text))
        #expect(throws: NoteError.badSignature(keyName: "log")) { try note.verified(by: [log.verifierKey]) }
        let cosigned = try checkpoint.signed(by: log).adding(log.cosign(other, at: 5))
        #expect(try cosigned.verified(by: [log.verifierKey]) == [log.verifierKey])
        #expect(throws: NoteError.badSignature(keyName: "log")) {
            try cosigned.verified(by: [log.verifierKey, log.cosignerKey])
        }
    }

    @Test("A note that no known key signed is refused, and tells who did sign")
    func noKnownSignature() throws {
        let log = try self.key("log", String(repeating: "01", count: 32))
        let namesake = try self.key("log", String(repeating: "02", count: 32))
        let stranger = try self.key("stranger", String(repeating: "01", count: 32))
        let note = try Checkpoint(origin: "log", size: 0, root: MerkleTree.emptyRoot).signed(by: log)
        for keys in [[], [namesake.verifierKey], [stranger.verifierKey], [log.cosignerKey]] {
            #expect(throws: NoteError.noKnownSignature(signedBy: ["log"])) { try note.verified(by: keys) }
            #expect(throws: NoteError.self) { try Checkpoint(verifying: note, by: keys) }
        }
    }

    @Test("A witness's signature alone does not make a checkpoint the log's")
    func witnessIsNotTheLog() throws {
        let witness = try self.key("log", String(repeating: "01", count: 32))
        let checkpoint = Checkpoint(origin: "log", size: 0, root: MerkleTree.emptyRoot)
        let note = try SignedNote(text: checkpoint.text, signatures: [witness.cosign(checkpoint, at: 1)])
        #expect(throws: NoteError.self) {
            try Checkpoint(verifying: note, by: [witness.verifierKey, witness.cosignerKey])
        }
    }

    @Test("A checkpoint of another log is refused though its key signed it")
    func wrongOrigin() throws {
        let key = try self.key("log/1", String(repeating: "01", count: 32))
        let note = try Checkpoint(origin: "log/2", size: 0, root: MerkleTree.emptyRoot).signed(by: key)
        #expect(throws: NoteError.wrongOrigin(found: "log/2", expected: "log/1")) {
            try Checkpoint(verifying: note, by: [key.verifierKey])
        }
    }

    @Test("A byte that is changed anywhere in a signed checkpoint is noticed")
    func everyByte() throws {
        let key = try self.key("log", String(repeating: "07", count: 32))
        let note = try Checkpoint(origin: "log", size: 12, root: MerkleTree.leafHash(of: [1])).signed(by: key)
        for at in note.bytes.indices {
            for bit in 0..<8 {
                var changed = note.bytes
                changed[at] ^= 1 << bit
                #expect(throws: NoteError.self) {
                    try Checkpoint(verifying: SignedNote(parsing: changed), by: [key.verifierKey])
                }
            }
        }
    }

    @Test("As many signatures as a note may have are read, more are refused")
    func manySignatures() throws {
        let key = try self.key("log", String(repeating: "01", count: 32))
        let text = "text\n"
        let stranger = "\u{2014} other \(String(repeating: "A", count: 4_000))\n"
        let own = try key.sign(text).line + "\n"
        let most = text + "\n" + String(repeating: stranger, count: 50) + own
        #expect(try SignedNote(parsing: Array(most.utf8)).verified(by: [key.verifierKey]) == [key.verifierKey])
        let short = "\u{2014} other AAAAAAAA\n"
        let full = text + "\n" + String(repeating: short, count: 127) + own
        #expect(try SignedNote(parsing: Array(full.utf8)).signatures.count == 128)
        #expect(throws: NoteError.self) { try SignedNote(parsing: Array((full + own).utf8)) }
        let long = text + "\n" + String(repeating: stranger, count: 66) + own
        #expect(throws: NoteError.malformedNote("it is longer than 256 KiB")) {
            try SignedNote(parsing: Array(long.utf8))
        }
    }

    @Test(
        "What is not a signed note is refused",
        arguments: [
            "", "\n", "\n\n", "text", "text\n", "text\n\n", "text\n\u{2014} a AAAAAAAA\n",
            "text\n\n\u{2014} a AAAAAAAA",
            "text\n\n- a AAAAAAAA\n", "text\n\n\u{2014} a\n", "text\n\n\u{2014} a \n", "text\n\n\u{2014}  AAAAAAAA\n",
            "text\n\n\u{2014} a b AAAAAAAA\n", "text\n\n\u{2014} a+b AAAAAAAA\n", "text\n\n\u{2014} a AAAA\n",
            "text\n\n\u{2014} a AAAAAAA\n", "text\n\n\u{2014} a AAAAAAB=\n",
            "text\n\n\u{2014} a AAAAAA==A\n", "text\n\n\u{2014} a AAAAAA-_\n", "te\u{7}xt\n\n\u{2014} a AAAAAAAA\n",
            "te\rxt\n\n\u{2014} a AAAAAAAA\n", "text\n\n\u{2014} a AAAAAAAA\n\n", "text\n\n\u{2014} a AAAAAAAA\nmore\n",
            "text\n\n\u{2014} a\u{A0}b AAAAAAAA\n",
        ]
    )
    func notANote(text: String) {
        #expect(throws: NoteError.self) { try SignedNote(parsing: Array(text.utf8)) }
    }

    @Test("The text of a note may have empty lines: the last one parts it from the signatures")
    func emptyLinesInText() throws {
        let note = try SignedNote(parsing: Array("a\n\nb\n\n\u{2014} k AAAAAAAA\n".utf8))
        #expect(note.text == "a\n\nb\n")
        #expect(try SignedNote(parsing: Array("\n\n\u{2014} k AAAAAAAA\n".utf8)).text == "\n")
    }

    @Test(
        "What is not a verifier key is refused",
        arguments: [
            "", "a", "a+b", "example.com/foo+530d903a",
            "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/fo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U0=",
            "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k ",
            " example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        ]
    )
    func notAVerifierKey(text: String) {
        #expect(throws: NoteError.self) { try VerifierKey(text) }
    }

    @Test("A verifier key whose base64 has plus signs is read")
    func plusInBase64() throws {
        for seed in 0..<64 as Range<UInt8> {
            let key = try SigningKey(name: "a", seed: SymmetricKey(data: [UInt8](repeating: seed, count: 32)))
            #expect(try VerifierKey(key.verifierKey.description) == key.verifierKey)
            #expect(try VerifierKey(key.cosignerKey.description) == key.cosignerKey)
        }
    }

    @Test(
        "What is not a checkpoint is refused",
        arguments: [
            "", "\n", "log\n", "log\n1\n", "log\n1\nroot", "log\n1\n\(SignedNoteTests.root)",
            "log\n01\n\(SignedNoteTests.root)\n",
            "log\n-1\n\(SignedNoteTests.root)\n", "log\n+1\n\(SignedNoteTests.root)\n",
            "log\n1 \n\(SignedNoteTests.root)\n",
            "log\n18446744073709551616\n\(SignedNoteTests.root)\n", "log\n\n\(SignedNoteTests.root)\n",
            "\n1\n\(SignedNoteTests.root)\n", "log\n1\n\(SignedNoteTests.root)\n\n", "log\n1\nAAAA\n",
            "log\nx\n\(SignedNoteTests.root)\n",
            "log\n0\n\(SignedNoteTests.root)\n",
        ]
    )
    func notACheckpoint(text: String) {
        #expect(throws: NoteError.self) { try Checkpoint(text: text) }
    }

    static let root = MerkleTree.leafHash(of: []).base64

    @Test("A checkpoint comes back from its text, extension lines and the largest size included")
    func checkpointText() throws {
        let text = "log.example.com/a b\n18446744073709551615\n\(Self.root)\nextension 1\nextension 2\n"
        let checkpoint = try Checkpoint(text: text)
        #expect(checkpoint.size == .max)
        #expect(checkpoint.extensionLines == ["extension 1", "extension 2"])
        #expect(checkpoint.text == text)
    }

    @Test(
        "A key's name and seed have to be such that its notes can be read",
        arguments: ["", "a b", "a+b", "a\nb", "a\u{2003}b"]
    )
    func keyNames(name: String) {
        #expect(throws: NoteError.invalidKeyName) { try SigningKey(name: name, seed: SymmetricKey(size: .bits256)) }
        #expect(throws: NoteError.invalidSeed) { try SigningKey(name: "a", seed: SymmetricKey(size: .bits128)) }
    }
}
