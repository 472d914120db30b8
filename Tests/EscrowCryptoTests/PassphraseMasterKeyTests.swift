import BitLocker
import Crypto
import EscrowCrypto
import FoundationEssentials
import Testing

struct PassphraseMasterKeyTests {
    /// Cheap, so that the tests are quick: the cost is stored with what is wrapped.
    private static let cheap = ScryptCost(logN: 10)

    private static func key(_ passphrase: String = "correct horse battery", cost: ScryptCost = cheap)
        -> PassphraseMasterKey
    {
        PassphraseMasterKey(SecretBytes(copying: Array(passphrase.utf8).span), cost: cost)
    }

    private static func secret() -> SecretBytes { SecretBytes(copying: [UInt8](0..<32).span) }

    @Test(
        "scrypt gives the keys that RFC 7914, section 12, prints",
        arguments: [
            (
                "", "", ScryptCost(logN: 4, blockSize: 1, parallelism: 1),
                "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                    + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
            ),
            (
                "password", "NaCl", ScryptCost(logN: 10, blockSize: 8, parallelism: 16),
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                    + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
            ),
            (
                "pleaseletmein", "SodiumChloride", ScryptCost(logN: 14, blockSize: 8, parallelism: 1),
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                    + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
            ),
        ]
    )
    func publishedVectors(passphrase: String, salt: String, cost: ScryptCost, expected: String) throws {
        let key = cost.key(passphrase: SymmetricKey(data: Array(passphrase.utf8)), salt: Array(salt.utf8), length: 64)
        #expect(try #require(key).withUnsafeBytes { Data($0) } == Data(hex: expected))
    }

    @Test("What a passphrase wrapped it unwraps, and no other passphrase does")
    func roundTrip() async throws {
        let wrapped = try await Self.key().wrap(Self.secret(), context: "a")
        let opened = try await Self.key().unwrap(wrapped, context: "a")
        let isSame = opened.matches(Self.secret())
        #expect(isSame)
        await #expect(throws: MasterKeyError.doesNotUnwrap(whereabouts: "the passphrase that was given")) {
            _ = try await Self.key("correct horse batterz").unwrap(wrapped, context: "a")
        }
        await #expect(throws: MasterKeyError.doesNotUnwrap(whereabouts: "the passphrase that was given")) {
            _ = try await Self.key().unwrap(wrapped, context: "b")
        }
    }

    @Test("The cost is stored, so a raised one still opens what a lower one made")
    func raisedCost() async throws {
        let wrapped = try await Self.key().wrap(Self.secret(), context: "a")
        let opened = try await Self.key(cost: ScryptCost(logN: 11)).unwrap(wrapped, context: "a")
        let isSame = opened.matches(Self.secret())
        #expect(isSame)
    }

    @Test("New keyrings are made with N = 2^17, r = 8, p = 1")
    func standardCost() async throws {
        let wrapped = try await Self.key(cost: .standard).wrap(Self.secret(), context: "a")
        #expect(wrapped[5...7].elementsEqual([17, 8, 1]))
        let opened = try await Self.key(cost: .standard).unwrap(wrapped, context: "a")
        let isSame = opened.matches(Self.secret())
        #expect(isSame)
    }

    @Test(
        "A stored cost out of bounds is refused before any work is done",
        arguments: [(5, 0), (5, 9), (5, 21), (5, 255), (6, 0), (6, 9), (7, 0), (7, 5)] as [(Int, UInt8)]
    )
    func bounds(index: Int, value: UInt8) async throws {
        var wrapped = try await Self.key().wrap(Self.secret(), context: "a")
        wrapped[index] = value
        let changed = wrapped
        await #expect(throws: MasterKeyError.costOutOfBounds) { _ = try await Self.key().unwrap(changed, context: "a") }
    }

    @Test("A changed byte and a cut are refused")
    func tampering() async throws {
        let wrapped = try await Self.key().wrap(Self.secret(), context: "a")
        // Not the cost's bytes, which the test above has: some changes of them would be costly.
        for index in Array(0..<5) + Array(8..<wrapped.count) {
            var bytes = wrapped
            bytes[index] ^= 1
            let changed = bytes
            await #expect(throws: MasterKeyError.self) { _ = try await Self.key().unwrap(changed, context: "a") }
        }
        for length in [0, 4, 23, 24, 25, wrapped.count - 1] {
            await #expect(throws: MasterKeyError.self) {
                _ = try await Self.key().unwrap(Array(wrapped[..<length]), context: "a")
            }
        }
    }

    @Test("A new passphrase must have 12 bytes")
    func shortPassphrase() async throws {
        await #expect(throws: MasterKeyError.passphraseTooShort(minimum: 12)) {
            _ = try await Self.key("elevenbytes").wrap(Self.secret(), context: "a")
        }
    }
}
