extension String {
    /// The text with the five characters that mean something in HTML replaced, for markup that we make ourselves.
    var escapedForMarkup: String {
        guard self.utf8.contains(where: { Self.special[$0] != nil }) else { return self }
        var bytes: [UInt8] = []
        for byte in self.utf8 {
            if let entity = Self.special[byte] { bytes += entity.utf8 } else { bytes.append(byte) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let special: [UInt8: String] = [
        UInt8(ascii: "&"): "&amp;", UInt8(ascii: "<"): "&lt;", UInt8(ascii: ">"): "&gt;",
        UInt8(ascii: "\""): "&quot;", UInt8(ascii: "'"): "&#39;",
    ]

    /// The text with each `{name}` replaced by its value.
    func filled(_ values: KeyValuePairs<String, String>) -> String {
        values.reduce(self) { text, value in
            guard let range = text.firstRange(of: "{\(value.key)}") else { return text }
            return String(text[..<range.lowerBound]) + value.value + text[range.upperBound...]
        }
    }
}
