import BitLocker
import EscrowCrypto
import Testing

@Suite("Break-glass shares")
struct BreakGlassShareTests {
    /// The same numbers each time (SplitMix64): what is tried of a share is then always of the same one.
    struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var z = self.state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    static let setup = GUID(high: 0xABCD_0000_0000_0000, low: 1)
    let texts: [String]
    let salt = [UInt8](repeating: 7, count: 32)
    let verifier: [UInt8]

    init() throws {
        var generator = Seeded(state: 1)
        let secret = BreakGlassSecret.generate(using: &generator)
        self.verifier = secret.verifier(salt: self.salt)
        self.texts = try secret.split(setup: Self.setup, into: 5, threshold: 3, using: &generator).map { $0.reveal() }
    }

    @Test("as printed, shares are 16 groups of four, and read back")
    func roundTrip() throws {
        for (index, text) in self.texts.enumerated() {
            #expect(text.wholeMatch(of: /([0-9A-HJKMNP-TV-Z]{4}-){15}[0-9A-HJKMNP-TV-Z]{4}/) != nil)
            let share = try BreakGlassShare(text)
            #expect(share.number == index + 1)
            #expect(share.threshold == 3)
            #expect(share.setup == [0xAB, 0xCD])
            #expect(share.reveal() == text)
        }
        let secret = try BreakGlassSecret(
            [self.texts[4], self.texts[1], self.texts[2]].map { try BreakGlassShare($0) }
        )
        let (isRight, isRightWithAnother) = (
            secret.matches(verifier: self.verifier, salt: self.salt),
            secret.matches(verifier: self.verifier, salt: [UInt8](repeating: 8, count: 32))
        )
        #expect(isRight)
        #expect(!isRightWithAnother)
    }

    @Test("case, dashes, blanks and look-alikes do not matter")
    func typed() throws {
        for text in self.texts {
            let sloppy = text.lowercased().replacing("-", with: " \n ").replacing("0", with: "o").replacing(
                "1",
                with: "l"
            )
            #expect(try BreakGlassShare(sloppy).reveal() == text)
            #expect(try BreakGlassShare(text.replacing("1", with: "I").replacing("0", with: "O")).reveal() == text)
        }
    }

    @Test("one wrong letter, or two neighbours exchanged, is noticed at every place")
    func mistyped() throws {
        let digits = Array(self.texts[0].replacing("-", with: ""))
        for index in digits.indices {
            for letter in "0123456789ABCDEFGHJKMNPQRSTVWXYZ" where letter != digits[index] {
                var wrong = digits
                wrong[index] = letter
                #expect(throws: BreakGlassShare.Problem.mistyped) { try BreakGlassShare(String(wrong)) }
            }
            guard index > 0, digits[index] != digits[index - 1] else { continue }
            var wrong = digits
            wrong.swapAt(index, index - 1)
            #expect(throws: BreakGlassShare.Problem.mistyped) { try BreakGlassShare(String(wrong)) }
        }
    }

    @Test("what is no share says why, by its place, and without a letter of it")
    func noShare() throws {
        let text = self.texts[0]
        #expect(throws: BreakGlassShare.Problem.length(found: 60)) { try BreakGlassShare(String(text.dropLast(5))) }
        #expect(throws: BreakGlassShare.Problem.length(found: 65)) { try BreakGlassShare(text + "0") }
        #expect(throws: BreakGlassShare.Problem.length(found: 0)) { try BreakGlassShare("") }
        var wrong = Array(text)
        wrong[11] = "U"
        #expect(throws: BreakGlassShare.Problem.character(group: 3)) { try BreakGlassShare(String(wrong)) }
        #expect("\(BreakGlassShare.Problem.character(group: 3))" == "has a character in group 3 that no share has")
    }

    @Test("too few, the same twice and those of another setup are told by place")
    func unfit() throws {
        var generator = Seeded(state: 2)
        let shares = try self.texts.map { try BreakGlassShare($0) }
        let other = try BreakGlassSecret.generate(using: &generator)
            .split(setup: GUID(high: 1, low: 1), into: 3, threshold: 3, using: &generator)
        let cases: [([BreakGlassShare], BreakGlassSecret.Problem)] = [
            ([], .count(needed: 2, given: 0)),
            (Array(shares.prefix(2)), .count(needed: 3, given: 2)),
            (Array(shares.prefix(4)), .count(needed: 3, given: 4)),
            ([shares[0], shares[1], shares[1]], .twice(number: 2)),
            ([shares[0], other[1], shares[2]], .otherSetup(place: 2)),
        ]
        for (shares, problem) in cases {
            #expect(throws: problem) { _ = try BreakGlassSecret(shares) }
        }
    }
}
