package import BitLocker
import Crypto
import Glibc

/// A share of the break-glass secret as it is printed, kept in a safe, and typed in again on a bad day.
///
/// 40 bytes in Crockford's base 32, in 16 groups of 4:
/// `1 | setup (2) | threshold | number | value (32) | first 3 bytes of SHA-256 over a label and all of these`. Either case
/// will do, the letters I, L and O are read as the digits that they look like, and dashes and blanks are left off.
package struct BreakGlassShare: Sendable {
    /// Why a text is no share; holds nothing of the text.
    package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// It does not have 64 letters and digits.
        case length(found: Int)
        /// A group has a character that no share has. The group is counted from 1.
        case character(group: Int)
        /// Something in it was mistyped.
        case mistyped
        /// It was made by a later version of the program.
        case laterVersion

        /// What is wrong and what to do.
        package var description: String {
            switch self {
            case .length(let found): "has \(found) letters and digits, and a share has 64, in 16 groups of 4"
            case .character(let group): "has a character in group \(group) that no share has"
            case .mistyped: "is mistyped: compare it with the paper, group by group"
            case .laterVersion: "was made by a later version of the program; use that, or check the first group"
            }
        }
    }

    private static let version: UInt8 = 1
    private static let valueLength = 32
    private static let checkLength = 3
    private static let headerLength = 5
    private static let byteCount = Self.headerLength + Self.valueLength + Self.checkLength
    private static let digitCount = Self.byteCount * 8 / 5
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// Which setup it belongs to: the first two bytes of its ID.
    package let setup: [UInt8]
    /// How many shares open it.
    package let threshold: Int
    /// The share itself.
    package let share: ShamirShare

    /// Which of the shares it is, from 1.
    package var number: Int { Int(self.share.number) }

    /// Takes a share of a setup.
    ///
    /// - Parameter setup: the setup's ID, whose first two bytes go into the share.
    package init(setup: GUID, threshold: Int, share: ShamirShare) {
        self.setup = Array(setup.bytes.prefix(2))
        self.threshold = threshold
        self.share = share
    }

    /// Reads a share as typed.
    package init(_ text: some StringProtocol) throws(Problem) {
        var digits: [UInt8] = []
        defer { digits.withUnsafeMutableBytes { if let start = $0.baseAddress { explicit_bzero(start, $0.count) } } }
        for byte in text.utf8 where !Self.isBlank(byte) {
            guard digits.count <= Self.digitCount else { break }
            guard let value = Self.value(of: byte) else { throw .character(group: digits.count / 4 + 1) }
            digits.append(value)
        }
        guard digits.count == Self.digitCount else { throw .length(found: digits.count) }
        let bytes = SecretBytes(count: Self.byteCount) { bytes in
            for (index, digit) in digits.enumerated() {
                // Each digit's 5 bits lie in one byte or two.
                let bit = index * 5
                let shifted = UInt16(digit) << (11 - UInt16(bit % 8))
                bytes[bit / 8] |= UInt8(shifted >> 8)
                if bit % 8 > 3 { bytes[bit / 8 + 1] |= UInt8(shifted & 0xFF) }
            }
        }
        let (header, share): ([UInt8], ShamirShare) = try bytes.withSpan { (bytes) throws(Problem) in
            let content = bytes.extracting(..<(Self.byteCount - Self.checkLength))
            let check = content.withUnsafeBytes { Self.check($0) }
            var difference: UInt8 = 0
            for index in check.indices { difference |= check[index] ^ bytes[content.count + index] }
            guard difference == 0 else { throw .mistyped }
            let header = (0..<Self.headerLength).map { bytes[$0] }
            let values = SecretBytes(copying: content.extracting(Self.headerLength...))
            return (header, ShamirShare(number: header[4], values: values))
        }
        guard header[0] == Self.version else { throw .laterVersion }
        self.setup = Array(header[1...2])
        self.threshold = Int(header[3])
        self.share = share
    }

    /// The text to print, once. Do not log it, and do not keep it.
    package func reveal() -> String {
        let header = [Self.version] + self.setup + [UInt8(self.threshold), self.share.number]
        let bytes = self.share.withValues { values in
            SecretBytes(count: Self.byteCount) { bytes in
                for (index, byte) in header.enumerated() { bytes[index] = byte }
                for index in values.indices { bytes[Self.headerLength + index] = values[index] }
                let content = UnsafeRawBufferPointer(rebasing: bytes.dropLast(Self.checkLength))
                for (index, byte) in Self.check(content).enumerated() { bytes[content.count + index] = byte }
            }
        }
        return bytes.withSpan { bytes in
            var text: [UInt8] = []
            for digit in 0..<Self.digitCount {
                let bit = digit * 5
                // The last digit ends with the last byte.
                let next = bit / 8 + 1 < Self.byteCount ? bytes[bit / 8 + 1] : 0
                let window = UInt16(bytes[bit / 8]) << 8 | UInt16(next)
                if digit > 0, digit.isMultiple(of: 4) { text.append(UInt8(ascii: "-")) }
                text.append(Self.alphabet[Int(window >> (11 - UInt16(bit % 8)) & 31)])
            }
            return String(decoding: text, as: UTF8.self)
        }
    }

    private static func check(_ content: UnsafeRawBufferPointer) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("sparekey/break-glass/v1/share\n".utf8))
        hash.update(bufferPointer: content)
        return Array(hash.finalize().prefix(Self.checkLength))
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        [0x09, 0x0A, 0x0D, 0x20, UInt8(ascii: "-")].contains(byte)
    }

    /// A digit's value; a typed share is looked at once, by whoever holds it, so that looking it up may take its time.
    private static func value(of byte: UInt8) -> UInt8? {
        let upper = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte - 0x20 : byte
        switch upper {
        case UInt8(ascii: "O"): return 0
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return 1
        default: return Self.alphabet.firstIndex(of: upper).map { UInt8($0) }
        }
    }
}
