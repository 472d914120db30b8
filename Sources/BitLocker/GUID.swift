/// A 128-bit identifier as Windows writes it: of a volume, a key protector or a device.
///
/// Kept as two words rather than as `Foundation.UUID`, which is ten times slower to parse and print on Linux.
public struct GUID: Hashable, Sendable, Comparable {
    /// The first 16 hexadecimal digits of the text form, as one big-endian number.
    public let high: UInt64
    /// The last 16 hexadecimal digits of the text form, as one big-endian number.
    public let low: UInt64

    /// Makes a GUID from the two halves of its text form.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Makes a GUID of version 4 (RFC 9562, section 5.4) from a source of randomness.
    public static func random(using generator: inout some RandomNumberGenerator) -> GUID {
        let high: UInt64 = generator.next()
        let low: UInt64 = generator.next()
        return GUID(
            high: high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000,
            low: low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        )
    }

    /// Reads the text form, `8-4-4-4-12` hexadecimal digits, with or without braces, in either case; nil for anything else.
    public init?(_ text: some StringProtocol) {
        var digits = Array(text.utf8)
        if digits.count == 38, digits.first == UInt8(ascii: "{"), digits.last == UInt8(ascii: "}") {
            digits = Array(digits[1..<37])
        }
        guard digits.count == 36 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var taken = 0
        for (index, byte) in digits.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let value = Self.value(ofHexDigit: byte) else { return nil }
            if taken < 16 { high = high << 4 | UInt64(value) } else { low = low << 4 | UInt64(value) }
            taken += 1
        }
        self.init(high: high, low: low)
    }

    /// Reads the 16 bytes of the on-disk form: the first three fields little-endian, the rest in order.
    ///
    /// Source: MS-DTYP, section 2.3.4.2. Nil when there are not exactly 16 bytes.
    public init?(windowsBytes bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.init(bigEndianBytes: Self.swapped(Array(bytes)))
    }

    /// Reads 16 bytes in the order of the text form; nil when there are not exactly 16 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.init(bigEndianBytes: Array(bytes))
    }

    private init(bigEndianBytes bytes: [UInt8]) {
        self.init(
            high: bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) },
            low: bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
        )
    }

    /// The 16 bytes of the on-disk form.
    public var windowsBytes: [UInt8] { Self.swapped(self.bytes) }

    /// The 16 bytes in the order of the text form.
    public var bytes: [UInt8] {
        (0..<16).map { index in
            let word = index < 8 ? self.high : self.low
            return UInt8(truncatingIfNeeded: word >> UInt64(56 - index % 8 * 8))
        }
    }

    /// The first 8 hexadecimal digits: what the recovery screen shows as Key ID.
    public var keyIDPrefix: UInt32 { UInt32(truncatingIfNeeded: self.high >> 32) }

    /// By the text form.
    public static func < (left: GUID, right: GUID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    private static func swapped(_ bytes: [UInt8]) -> [UInt8] {
        [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map { bytes[$0] }
    }

    private static func value(ofHexDigit byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension GUID: CustomStringConvertible {
    /// The text form, lower case, without braces.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            let hex: StaticString = "0123456789abcdef"
            var at = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    buffer[at] = UInt8(ascii: "-")
                    at += 1
                }
                let word = index < 16 ? self.high : self.low
                buffer[at] = hex.utf8Start[Int(word >> UInt64(60 - index % 16 * 4) & 0xF)]
                at += 1
            }
            return 36
        }
    }
}

extension GUID: Codable {
    /// Reads the text form from a single string.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = GUID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "must be a GUID such as 8f595209-f5b9-49a0-85d4-cb8f80258c27"
            )
        }
        self = value
    }

    /// Writes the text form as a single string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}
