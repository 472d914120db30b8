import BitLocker
import EscrowCrypto
import Testing

struct TokenSecretTests {
    private static func generate(_ kind: TokenSecret.Kind) -> TokenSecret {
        var generator = SystemRandomNumberGenerator()
        return TokenSecret.generate(kind, using: &generator)
    }

    @Test(
        "A token that was printed is read back, with the same ID and the same hash",
        arguments: TokenSecret.Kind.allCases
    )
    func roundTrip(kind: TokenSecret.Kind) throws {
        let token = Self.generate(kind)
        let text = token.reveal()
        #expect(text.utf8.count == 116)
        #expect(text.hasPrefix("sparekey_\(kind.rawValue)_"))
        let read = try TokenSecret("  \(text)\r\n", kind: kind)
        let isSame = read.id == token.id && read.matches(hash: token.hash)
        #expect(isSame)
        let again = read.reveal()
        #expect(again == text)
        let shouted = try TokenSecret(text.uppercasedDigits, kind: kind)
        let isSameToo = shouted.matches(hash: token.hash)
        #expect(isSameToo)
    }

    @Test("Two tokens differ in ID, secret and hash, and match only their own hash")
    func differences() {
        let one = Self.generate(.api)
        let two = Self.generate(.api)
        let ids = [one.id, two.id]
        #expect(ids[0] != ids[1])
        let hashes = [one.hash, two.hash]
        #expect(hashes[0] != hashes[1])
        #expect(hashes[0].count == 32)
        let matches = [one.matches(hash: hashes[0]), one.matches(hash: hashes[1]), one.matches(hash: [])]
        #expect(matches == [true, false, false])
    }

    @Test("A token of the other kind is told apart")
    func otherKind() {
        let text = Self.generate(.enrolment).reveal()
        let error = #expect(throws: TokenSecret.Problem.otherKind(expected: .api, given: .enrolment)) {
            _ = try TokenSecret(text, kind: .api)
        }
        #expect(error?.description.contains("sparekey_t_") == true)
    }

    @Test("A cut, a longer and a changed token are damaged, wherever that is")
    func damage() {
        let text = Array(Self.generate(.api).reveal().utf8)
        for index in 11..<text.count {
            let cut = String(decoding: text[..<index], as: UTF8.self)
            #expect(throws: TokenSecret.Problem.damaged) { _ = try TokenSecret(cut, kind: .api) }
            var changed = text
            changed[index] = changed[index] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
            let other = String(decoding: changed, as: UTF8.self)
            #expect(throws: TokenSecret.Problem.damaged) { _ = try TokenSecret(other, kind: .api) }
        }
        let longer = String(decoding: text, as: UTF8.self) + "0"
        #expect(throws: TokenSecret.Problem.damaged) { _ = try TokenSecret(longer, kind: .api) }
    }

    @Test("What is no token is told so", arguments: ["", "   ", "sparekey_", "sparekey_x_00", "Bearer", "ghp_0123"])
    func otherTexts(text: String) {
        #expect(throws: TokenSecret.Problem.notAToken(expected: .enrolment)) {
            _ = try TokenSecret(text, kind: .enrolment)
        }
    }
}

extension String {
    /// Everything behind the prefix in capitals.
    fileprivate var uppercasedDigits: String { self.prefix(11) + self.dropFirst(11).uppercased() }
}
