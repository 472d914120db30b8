/// Base 32 (RFC 4648, section 6) without padding: how authenticator apps take a secret that is typed.
package enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    /// The text of bytes.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 5 {
                count -= 5
                text.append(Self.alphabet[Int(bits >> UInt32(count) & 0x1F)])
            }
        }
        if count > 0 { text.append(Self.alphabet[Int(bits << UInt32(5 - count) & 0x1F)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// In groups of four, for people to read and type.
    package static func grouped(_ bytes: some Sequence<UInt8>) -> String {
        let text = Array(Self.encode(bytes))
        return stride(from: 0, to: text.count, by: 4).map { String(text[$0..<min($0 + 4, text.count)]) }
            .joined(separator: " ")
    }
}
