import BitLocker
import Testing

@Suite("AES-XTS")
struct AESXTSTests {
    @Test(
        "the examples of IEEE 1619 come out",
        arguments: [
            (
                "0000000000000000000000000000000000000000000000000000000000000000", 0,
                "0000000000000000000000000000000000000000000000000000000000000000",
                "917cf69ebd68b2ec9b9fe9a3eadda692cd43d2f59598ed858c02c2652fbf922e"
            ),
            (
                "1111111111111111111111111111111122222222222222222222222222222222", 0x33_3333_3333,
                "4444444444444444444444444444444444444444444444444444444444444444",
                "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0"
            ),
            (
                "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f022222222222222222222222222222222", 0x33_3333_3333,
                "4444444444444444444444444444444444444444444444444444444444444444",
                "af85336b597afc1a900b2eb21ec949d292df4c047e0b21532186a5971a227a89"
            ),
        ] as [(String, UInt64, String, String)]
    )
    func published(_ key: String, _ sector: UInt64, _ text: String, _ expected: String) throws {
        let cipher = try unwrap(AESXTS(key: SecretBytes(copying: [UInt8](hex: key).span)))
        var bytes = [UInt8](hex: text)
        try cipher.encrypt(&bytes, firstSector: sector)
        #expect(bytes.hex == expected)
    }

    @Test("the first 32 bytes of vector 10, with a 512-bit key, come out")
    func longKey() throws {
        let key = [UInt8](
            hex: "2718281828459045235360287471352662497757247093699959574966967627"
                + "3141592653589793238462643383279502884197169399375105820974944592"
        )
        let cipher = try unwrap(AESXTS(key: SecretBytes(copying: key.span)))
        var bytes = (0..<512).map { UInt8(truncatingIfNeeded: $0) }
        try cipher.encrypt(&bytes, firstSector: 0xFF)
        #expect(bytes.prefix(32).map { $0 }.hex == "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b")
    }

    @Test("each sector has its own number")
    func sectors() throws {
        let cipher = try unwrap(AESXTS(key: SecretBytes(copying: [UInt8](repeating: 7, count: 32).span)))
        var both = [UInt8](repeating: 1, count: 1024)
        try cipher.encrypt(&both, firstSector: 5)
        var second = [UInt8](repeating: 1, count: 512)
        try cipher.encrypt(&second, firstSector: 6)
        #expect(Array(both[512...]) == second)
        #expect(Array(both[..<512]) != second)
    }

    @Test("keys of other lengths are refused", arguments: [0, 16, 31, 48, 65])
    func keyLengths(_ count: Int) {
        let isRefused = AESXTS(key: SecretBytes(copying: [UInt8](repeating: 0, count: count).span)) == nil
        #expect(isRefused)
    }
}
