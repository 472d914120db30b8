/// The 48 digits that unlock a volume: 128 bits, as 8 groups of 6 digits, each 11 times a 16-bit number.
///
/// Cannot be copied, printed, compared with `==` or put into a string by accident, and is wiped when it goes out of use.
/// Source: libbde's format documentation, "Recovery password"; measured on volumes that Windows made.
public struct RecoveryPassword: ~Copyable, Sendable {
    /// How many groups of digits there are.
    public static let groupCount = 8
    /// The length of the text form: 48 digits and 7 dashes.
    public static let textLength = 55

    private let storage: SecretBytes

    /// Takes ownership of 16 bytes that the parser checked.
    init(storage: consuming SecretBytes) {
        self.storage = storage
    }

    /// Takes the 16 bytes that the digits stand for; every 16 bytes are a recovery password.
    ///
    /// Nil for another length.
    public init?(bytes: Span<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.init(storage: SecretBytes(copying: bytes))
    }

    /// Takes the 16 bytes that the digits stand for; every 16 bytes are a recovery password.
    ///
    /// Nil for another length.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.init(
            storage: SecretBytes(count: 16) { storage in
                for (index, byte) in bytes.enumerated() { storage[index] = byte }
            }
        )
    }

    /// Makes a new one; `generator` must be cryptographically secure, as `SystemRandomNumberGenerator` is.
    public static func generate(using generator: inout some RandomNumberGenerator) -> RecoveryPassword {
        RecoveryPassword(storage: SecretBytes(count: 16, using: &generator))
    }

    /// Lends the 16 bytes that the digits stand for.
    public borrowing func withBytes<Value: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try self.storage.withSpan(body)
    }

    /// Lends the text form, 55 ASCII characters such as `111683-110022-…`, in a buffer that is wiped afterwards.
    public borrowing func withDigits<Value: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let text = SecretBytes(count: Self.textLength) { text in
            self.storage.withSpan { bytes in
                for group in 0..<Self.groupCount {
                    var value = (UInt32(bytes[2 * group]) | UInt32(bytes[2 * group + 1]) << 8) * 11
                    for place in (0..<6).reversed() {
                        text[7 * group + place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
                        value /= 10
                    }
                    if group > 0 { text[7 * group - 1] = UInt8(ascii: "-") }
                }
            }
        }
        return try text.withSpan(body)
    }

    /// Whether both are the same, in a time that does not depend on where they differ.
    public borrowing func matches(_ other: borrowing RecoveryPassword) -> Bool {
        self.storage.matches(other.storage)
    }
}
