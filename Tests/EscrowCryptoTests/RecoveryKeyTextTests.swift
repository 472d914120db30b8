import BitLocker
import EscrowCrypto
import Testing

struct RecoveryKeyTextTests {
    private static func passphrase(_ text: String) -> PassphraseMasterKey {
        PassphraseMasterKey(SecretBytes(copying: Array(text.utf8).span), cost: ScryptCost(logN: 10))
    }

    @Test("Both halves are read back as they were written", arguments: SealSuite.allCases)
    func reading(suite: SealSuite) async throws {
        let key = try RecipientPrivateKey.generate(suite)
        #expect(try RecoveryKeyText.readPublic(RecoveryKeyText.publicLine(key.recipient)) == key.recipient)
        for passphrase in [nil, Self.passphrase("correct horse battery")] {
            let line = try await RecoveryKeyText.privateLine(key, passphrase: passphrase)
            let text = String(decoding: line, as: UTF8.self)
            let read = try await RecoveryKeyText.readPrivate(text, passphrase: passphrase)
            #expect(read.rawRepresentation == key.rawRepresentation)
            #expect(throws: RecoveryKeyProblem.wrongHalf(isPrivate: true)) { try RecoveryKeyText.readPublic(text) }
        }
    }

    @Test("A printed line may be broken and indented anywhere")
    func whitespace() throws {
        let recipient = try RecipientPrivateKey.generate(.p256).recipient
        let line = RecoveryKeyText.publicLine(recipient)
        let broken = line.map { "\($0)\n " }.joined()
        #expect(try RecoveryKeyText.readPublic(broken) == recipient)
    }

    @Test("A wrong character anywhere is noticed, in every kind of line", arguments: SealSuite.allCases)
    func mistyping(suite: SealSuite) async throws {
        let key = try RecipientPrivateKey.generate(suite)
        let publicLine = Array(RecoveryKeyText.publicLine(key.recipient))
        for index in stride(from: 0, to: publicLine.count, by: suite == .xWing ? 37 : 1) {
            var changed = publicLine
            changed[index] = changed[index] == "A" ? "B" : "A"
            // The last character of Base64 has bits that say nothing.
            if index == publicLine.count - 1 { continue }
            #expect(throws: RecoveryKeyProblem.self) { try RecoveryKeyText.readPublic(String(changed)) }
        }
        let privateLine = try await RecoveryKeyText.privateLine(key, passphrase: nil)
        for index in privateLine.indices.dropLast() {
            var changed = privateLine
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let text = String(decoding: changed, as: UTF8.self)
            await #expect(throws: RecoveryKeyProblem.self) {
                try await RecoveryKeyText.readPrivate(text, passphrase: nil)
            }
        }
    }

    @Test("A private half under a passphrase opens with that one only, and says what is missing")
    func passphrases() async throws {
        let key = try RecipientPrivateKey.generate(.p256)
        let line = try await RecoveryKeyText.privateLine(key, passphrase: Self.passphrase("correct horse battery"))
        let text = String(decoding: line, as: UTF8.self)
        await #expect(throws: RecoveryKeyProblem.passphraseNeeded) {
            try await RecoveryKeyText.readPrivate(text, passphrase: nil)
        }
        let error = await #expect(throws: RecoveryKeyProblem.self) {
            try await RecoveryKeyText.readPrivate(text, passphrase: Self.passphrase("incorrect horse battery"))
        }
        #expect(try #require(error).description.contains("not the one"))
        await #expect(throws: RecoveryKeyProblem.passphrase(.passphraseTooShort(minimum: 12))) {
            try await RecoveryKeyText.privateLine(key, passphrase: Self.passphrase("short"))
        }
    }

    @Test(
        "What is no recovery key is refused, and what it was is not said",
        arguments: ["", "secret", "sparekey-recovery-key:P-256:00", "sparekey-recovery-key:RSA:00:AAAA"]
    )
    func others(text: String) throws {
        let error = #expect(throws: RecoveryKeyProblem.self) { try RecoveryKeyText.readPublic(text) }
        #expect(try #require(error) == .notARecoveryKey)
    }
}
