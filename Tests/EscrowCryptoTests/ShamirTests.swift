import BitLocker
import EscrowCrypto
import Testing

@Suite("Shamir's secret sharing")
struct ShamirTests {
    /// Gives numbers that count up, for a secret's coefficients that are all those there are.
    struct Counting: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            defer { self.state += 1 }
            return self.state
        }
    }

    @Test(
        "products are those of FIPS 197, section 4.2",
        arguments: [(0x57, 0x83, 0xC1), (0x57, 0x13, 0xFE), (0x57, 0x02, 0xAE), (0x53, 0xCA, 0x01), (0, 0xFF, 0)]
            as [(UInt8, UInt8, UInt8)]
    )
    func products(left: UInt8, right: UInt8, product: UInt8) {
        #expect(ShamirField.product(left, right) == product)
        #expect(ShamirField.product(right, left) == product)
    }

    @Test("every element but 0 has its inverse")
    func inverses() {
        for element in UInt8(1)...255 {
            #expect(ShamirField.product(element, ShamirField.inverse(element)) == 1)
        }
        #expect(ShamirField.inverse(0) == 0)
    }

    @Test("the shares of draft-mcgrew-tss-03, section 9, give its secret back")
    func published() throws {
        let shares = [
            ShamirShare(number: 1, values: secret([0xB9, 0xFA, 0x07, 0xE1, 0x85])),
            ShamirShare(number: 2, values: secret([0xF5, 0x40, 0x9B, 0x45, 0x11])),
        ]
        let found = try ShamirShare.combine(shares)
        #expect(bytes(found) == [0x74, 0x65, 0x73, 0x74, 0x00])
    }

    @Test("any three of five give the secret back, two or four wrong ones do not")
    func subsets() throws {
        var generator = SystemRandomNumberGenerator()
        let original = SecretBytes(count: 32, using: &generator)
        let shares = try ShamirShare.split(original, into: 5, threshold: 3, using: &generator)
        for mask in 1..<32 {
            let chosen = shares.enumerated().filter { mask >> $0.offset & 1 == 1 }.map(\.element)
            let found = try ShamirShare.combine(chosen)
            let isRight = found.matches(original)
            #expect(isRight == (chosen.count >= 3), "\(chosen.map(\.number))")
        }
    }

    @Test("a share below the threshold can be that of every secret, and each as likely")
    func hiding() throws {
        for value in [UInt8(0), 1, 0xFF] {
            var seen: Set<UInt8> = []
            for coefficient in UInt64(0)..<256 {
                var generator = Counting(state: coefficient)
                let shares = try ShamirShare.split(secret([value]), into: 2, threshold: 2, using: &generator)
                seen.insert(shares[0].withValues { $0[0] })
            }
            #expect(seen.count == 256)
        }
    }

    @Test("numbers out of range and shares that do not fit together are refused")
    func refused() throws {
        var generator = SystemRandomNumberGenerator()
        let original = SecretBytes(count: 4, using: &generator)
        for (count, threshold) in [(1, 1), (256, 2), (5, 1), (5, 6), (0, 0)] {
            #expect(throws: ShamirShare.Problem.numbers) {
                _ = try ShamirShare.split(original, into: count, threshold: threshold, using: &generator)
            }
        }
        let shares = try ShamirShare.split(original, into: 255, threshold: 255, using: &generator)
        let found = try ShamirShare.combine(shares)
        let isRight = found.matches(original)
        #expect(isRight)
        let unfit: [[ShamirShare]] = [
            [], [shares[0], shares[0]], [shares[0], ShamirShare(number: 0, values: secret([1, 2, 3, 4]))],
            [shares[0], ShamirShare(number: 9, values: secret([1, 2, 3]))],
        ]
        for shares in unfit {
            #expect(throws: ShamirShare.Problem.unfit) { _ = try ShamirShare.combine(shares) }
        }
    }
}

func secret(_ bytes: [UInt8]) -> SecretBytes { SecretBytes(copying: bytes.span) }

func bytes(_ secret: borrowing SecretBytes) -> [UInt8] { secret.withUnsafeBytes { Array($0) } }
