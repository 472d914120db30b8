import SignIn

/// Percent-encoding (RFC 3986, section 2.1), read strictly.
enum PercentEncoding {
    /// Undoes it; nil when an escape is malformed or the result is not UTF-8.
    static func decoded(_ text: some Collection<UInt8>, plusIsSpace: Bool) -> String? {
        self.bytes(text, plusIsSpace: plusIsSpace).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Undoes it; nil when an escape is malformed.
    static func bytes(_ text: some Collection<UInt8>, plusIsSpace: Bool) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = iterator.next().flatMap(Self.value), let low = iterator.next().flatMap(Self.value)
                else {
                    return nil
                }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return bytes
    }

    /// Does it: letters, digits and `-._~` stay as they are.
    static func encoded(_ text: String) -> String { FormEncoding.escaped(text) }

    private static func value(ofHexDigit byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
