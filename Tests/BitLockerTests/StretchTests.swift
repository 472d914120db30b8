import BitLocker
import CStretch
import Crypto
import Testing

@Suite("The stretch")
struct StretchTests {
    static let hashOfZeros = [UInt8](SHA256.hash(data: [UInt8](repeating: 0, count: 16)))
    static let salt = [UInt8](0..<16)

    @Test(
        "short chains give the known answers",
        arguments: [
            (0, "0000000000000000000000000000000000000000000000000000000000000000"),
            (1, "e0ef14cc4547d249b3908bdc28a9d513dea8a539a701f1308b643c5a14cae42f"),
            (2, "4b7d91542bcdd9dd5ecad0cc94ade40e29388e75f2dcbd1d1daf5bbb1f751eb8"),
            (1000, "c89cf87a6b0749cb62f7956c5d389d03d8ca30d84048f7eafc01ac6ed9a96818"),
        ]
    )
    func shortChains(_ rounds: UInt64, _ expected: String) {
        #expect(Stretch.chain(initial: Self.hashOfZeros.span, salt: Self.salt.span, rounds: rounds)?.hex == expected)
        var portable = [UInt8](repeating: 0xAA, count: 32)
        sparekey_stretch_portable(Self.hashOfZeros, Self.salt, rounds, &portable)
        #expect(portable.hex == expected)
    }

    @Test("the whole chain gives the known answer of a recovery password")
    func wholeChain() throws {
        let password = try RecoveryPassword(parsing: "111683-110022-683298-209352-468105-648483-571252-334455")
        let bytes = password.withBytes { [UInt8]($0) }
        #expect(bytes.hex == "a9271227a6f2584a3ba649e6dccac576")
        let hash = [UInt8](SHA256.hash(data: bytes))
        #expect(hash.hex == "bb94fffaf3a58b45110cae7e5ac55f4ffe73c02a5f5369b1471435e053ed4a33")
        let salt = [UInt8](hex: "432dd19f37dd413a88552225628c8ae5")
        let key = try unwrap(Stretch.chain(initial: hash.span, salt: salt.span))
        #expect(key.hex == "a31cc882bcbf88273facd5a8d1a5018cecf2b9ecee7e7e3d2f01fdd25919b8b2")
        let opened = try AESCCM(key: key.span).open(
            [UInt8](hex: "df453e688401e89b41cae7c250739a8b36edd4fe86a597b5823cf3e0f41c98f623b528960a4bee00c42131ef"),
            tag: [UInt8](hex: "3e57c68216ef3d2b8139fdb0ec74254b"),
            nonce: [UInt8](hex: "a0da3fc75f6cd30106000000")
        )
        #expect(
            opened.withSpan { [UInt8]($0).hex }
                == "2c000000010000000320000057adebffd7770bf878ed0752a9daa1cfdcaeb2fd29d764a1dd4388424ab16ddf"
        )
    }

    @Test("a passphrase's known answer of another program comes out too")
    func passphrase() throws {
        let text = Array("hashcat".utf16).flatMap {
            [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)]
        }
        let initial = [UInt8](SHA256.hash(data: [UInt8](SHA256.hash(data: text))))
        let salt = [UInt8](hex: "6f972989ddc209f1eccf07313a7266a2")
        let key = try unwrap(Stretch.chain(initial: initial.span, salt: salt.span))
        let sealed = [UInt8](
            hex: "316b0f6d4cb445fb056f0e3e0633c413526ff4481bbf588917b70a4e8f8075f5ceb45958a800b42cb7ff9b7f5e17c614"
                + "5bf8561ea86f52d3592059fb"
        )
        let opened = try AESCCM(key: key.span).open(
            sealed[16...],
            tag: sealed[..<16],
            nonce: [UInt8](hex: "3a33a8eaff5e6f81d907b591")
        )
        #expect(opened.withSpan { Array([UInt8]($0)[..<8]).hex } == "2c00000001000000")
    }

    @Test("all implementations agree, on any input, also where the round number outgrows a byte")
    func agreement() {
        var generator = SeededGenerator(seed: 1)
        for round in 0..<40 {
            let initial = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let salt = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let rounds = UInt64(round < 20 ? round : 250 + 3 * round)
            var portable = [UInt8](repeating: 0, count: 32)
            sparekey_stretch_portable(initial, salt, rounds, &portable)
            #expect(Stretch.chain(initial: initial.span, salt: salt.span, rounds: rounds) == portable)
            #expect(Self.plain(initial, salt, rounds) == portable)
        }
    }

    @Test("inputs of other lengths give nothing")
    func lengths() {
        #expect(Stretch.chain(initial: [UInt8](repeating: 0, count: 31).span, salt: Self.salt.span, rounds: 1) == nil)
        #expect(
            Stretch.chain(initial: Self.hashOfZeros.span, salt: [UInt8](repeating: 0, count: 17).span, rounds: 1) == nil
        )
    }

    /// The specification, word for word.
    private static func plain(_ initial: [UInt8], _ salt: [UInt8], _ rounds: UInt64) -> [UInt8] {
        var last = [UInt8](repeating: 0, count: 32)
        for round in 0..<rounds {
            let number = (0..<8).map { UInt8(truncatingIfNeeded: round >> (8 * $0)) }
            last = [UInt8](SHA256.hash(data: last + initial + salt + number))
        }
        return last
    }
}
