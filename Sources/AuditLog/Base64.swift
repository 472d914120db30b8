/// Base64 (RFC 4648), strict: one text for one sequence of bytes, since texts that mean the same are a way to tamper.
struct Base64: Sendable {
    /// The standard alphabet with padding (section 4): notes, checkpoints and verifier keys.
    static let standard = Base64(
        alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        padded: true
    )
    /// The URL-safe alphabet without padding (section 5): commitments and salts.
    static let url = Base64(
        alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        padded: false
    )

    private let alphabet: [UInt8]
    private let values: [UInt8]
    private let padded: Bool
    private static let pad = UInt8(ascii: "=")
    private static let notInAlphabet: UInt8 = 0xFF

    private init(alphabet: String, padded: Bool) {
        self.alphabet = Array(alphabet.utf8)
        var values = [UInt8](repeating: Self.notInAlphabet, count: 256)
        for (value, character) in self.alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        self.values = values
        self.padded = padded
    }

    func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        self.encode(bytes, into: &text)
        return String(decoding: text, as: UTF8.self)
    }

    func encode(_ bytes: [UInt8], into text: inout [UInt8]) {
        var at = 0
        while at < bytes.count {
            let taken = min(3, bytes.count - at)
            let group =
                UInt32(bytes[at]) << 16 | (taken > 1 ? UInt32(bytes[at + 1]) << 8 : 0)
                | (taken > 2 ? UInt32(bytes[at + 2]) : 0)
            for position in 0..<4 {
                if position <= taken {
                    text.append(self.alphabet[Int(group >> UInt32(18 - position * 6) & 0x3F)])
                } else if self.padded {
                    text.append(Self.pad)
                }
            }
            at += 3
        }
    }

    /// Nil for characters outside the alphabet, wrong padding, an impossible length, or left-over bits that are not zero.
    func decode(_ text: [UInt8]) -> [UInt8]? {
        var length = text.count
        if self.padded {
            guard length % 4 == 0 else { return nil }
            if length > 0, text[length - 1] == Self.pad { length -= text[length - 2] == Self.pad ? 2 : 1 }
        }
        guard length % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length * 3 / 4)
        var pending: UInt32 = 0
        var pendingBits: UInt32 = 0
        for at in 0..<length {
            let value = self.values[Int(text[at])]
            guard value != Self.notInAlphabet else { return nil }
            pending = pending << 6 | UInt32(value)
            pendingBits += 6
            if pendingBits >= 8 {
                pendingBits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> pendingBits))
                pending &= 1 << pendingBits - 1
            }
        }
        return pending == 0 ? bytes : nil
    }
}
