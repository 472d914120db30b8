/// One signature line of a note: `— name base64(keyID || signature)`.
public struct NoteSignature: Hashable, Sendable {
    /// The name of the key.
    public let name: String
    /// The ID of the key.
    public let keyID: UInt32
    /// The signature, without the key ID; its form depends on the key.
    public let bytes: [UInt8]

    init(key: VerifierKey, bytes: [UInt8]) {
        self.name = key.name
        self.keyID = key.keyID
        self.bytes = bytes
    }

    /// Reads a line, without its newline; nil when it is not a signature line.
    public init?(line: String) {
        guard line.utf8.starts(with: Self.start.utf8) else { return nil }
        let rest = line.utf8.dropFirst(Self.start.utf8.count)
        guard let space = rest.lastIndex(of: UInt8(ascii: " ")), let name = String(rest[..<space]),
            VerifierKey.isValid(name: name),
            let decoded = Base64.standard.decode(Array(rest[rest.index(after: space)...])), decoded.count > 4
        else { return nil }
        self.name = name
        self.keyID = decoded[..<4].reduce(0) { $0 << 8 | UInt32($1) }
        self.bytes = Array(decoded[4...])
    }

    /// The line, without its newline.
    public var line: String {
        let keyID = (0..<4).map { UInt8(truncatingIfNeeded: self.keyID >> (24 - 8 * $0)) }
        return "\(Self.start)\(self.name) \(Base64.standard.encode(keyID + self.bytes))"
    }

    /// The time of a cosignature, in seconds since 1970; meaningful once a note's ``SignedNote/verified(by:)`` named its key.
    public var cosignatureTime: UInt64? {
        guard self.bytes.count >= 8 else { return nil }
        let seconds = self.bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return seconds <= UInt64(Int64.max) ? seconds : nil
    }

    static func cosignedMessage(_ text: String, at seconds: UInt64) -> [UInt8] {
        Array("cosignature/v1\ntime \(seconds)\n\(text)".utf8)
    }

    /// An em dash (U+2014) and a space.
    private static let start = "\u{2014} "
}
