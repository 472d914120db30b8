import BitLocker
import Crypto
import EscrowCrypto
import EscrowModel
import SignIn
import Testing

/// The parts that a sign-in is made of.
struct SignInTests {
    @Test(
        "one-time passwords are those of RFC 6238, appendix B",
        arguments: [
            (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
        ]
    )
    func vectors(seconds: Int64, expected: String) {
        let codes = OneTimePassword(key: SymmetricKey(data: Array("12345678901234567890".utf8)))
        #expect(codes.password(step: seconds / 30, digits: 8) == expected)
    }

    @Test("a one-time password holds for a step on either side, and never twice")
    func steps() {
        let codes = OneTimePassword(seed: [UInt8](repeating: 7, count: 32), under: SymmetricKey(size: .bits256))
        let now = Timestamp(seconds: 1_800_000_000)
        let step = now.milliseconds / 30_000
        for offset in Int64(-3)...3 {
            let found = codes.step(of: codes.password(step: step + offset), at: now, after: nil)
            #expect(found == (abs(offset) <= 1 ? step + offset : nil))
        }
        #expect(codes.step(of: codes.password(step: step), at: now, after: step) == nil)
        #expect(codes.step(of: codes.password(step: step - 1), at: now, after: step) == nil)
        #expect(codes.step(of: "", at: now, after: nil) == nil)
    }

    @Test(
        "what everybody tries first is refused, by its kind",
        arguments: [
            ("short", PasswordRule.Problem.tooShort), ("Password12345", .common), ("P@ssw0rd2026!", .common),
            ("abababababab", .pattern), ("qwertyuiop123", .pattern), ("alice.smith2026", .names),
            ("sparekey-2026", .names), ("willkommen2026", .common),
        ]
    )
    func refused(password: String, problem: PasswordRule.Problem) {
        #expect(PasswordRule.problem(with: password, userName: "alice.smith") == problem)
    }

    @Test("long passwords of any characters are accepted", arguments: ["vernal cobalt tugboat", "Ä kaltes Ofenrohr?"])
    func accepted(password: String) {
        #expect(PasswordRule.problem(with: password, userName: "alice.smith") == nil)
    }

    @Test("a password's hash knows the password, and no other")
    func hashes() throws {
        var generator = SystemRandomNumberGenerator()
        let right = SecretBytes(copying: Array("right".utf8).span)
        let wrong = SecretBytes(copying: Array("wrong".utf8).span)
        let made = PasswordHash(of: right, cost: ScryptCost(logN: 10), using: &generator)
        let hash = try #require(made)
        let stored = try #require(PasswordHash(bytes: hash.bytes))
        let (isRight, isWrong) = (stored.matches(right), stored.matches(wrong))
        #expect(isRight)
        #expect(!isWrong)
        #expect(PasswordHash(bytes: [1, 40, 8, 1] + hash.bytes.dropFirst(4)) == nil, "a cost that nobody works off")
    }

    @Test("a token is another thing for each purpose, and its form token is its own")
    func tokens() throws {
        var generator = SystemRandomNumberGenerator()
        let token = SignInToken.generate(using: &generator)
        let other = SignInToken.generate(using: &generator)
        let text = token.reveal()
        let read = SignInToken(text)?.hash(for: .session)
        let (session, step) = (token.hash(for: .session), token.hash(for: .step))
        #expect(read == session)
        #expect(session != step)
        let form = token.formToken()
        let (own, others) = (token.isFormToken(form), other.isFormToken(form))
        #expect(own)
        #expect(!others)
        let cut = SignInToken(text.dropLast()) == nil
        #expect(cut)
    }

    @Test("failures slow down their source, and nobody else")
    func limiter() {
        var limiter = AttemptLimiter()
        let now = Timestamp(seconds: 1_800_000_000)
        for _ in 0..<AttemptLimiter.free { limiter.fail(name: "alice", source: "192.0.2.1", at: now) }
        #expect(limiter.wait(name: "alice", source: "192.0.2.1", at: now) == 5)
        #expect(limiter.wait(name: "alice", source: "192.0.2.2", at: now) == 0)
        limiter.fail(name: "alice", source: "192.0.2.1", at: now)
        #expect(limiter.wait(name: "alice", source: "192.0.2.1", at: now) == 10)
        for _ in 0..<20 { limiter.fail(name: "alice", source: "192.0.2.1", at: now) }
        #expect(limiter.wait(name: "alice", source: "192.0.2.1", at: now) == 900)
        limiter.succeed(name: "alice", source: "192.0.2.1")
        #expect(limiter.wait(name: "alice", source: "192.0.2.1", at: now) == 0)
    }
}
