package import Crypto
package import EscrowModel

/// One-time passwords by time (RFC 6238): HMAC-SHA-1, steps of 30 seconds, as every authenticator app has them.
package struct OneTimePassword: Sendable {
    /// How long a password is shown.
    package static let step = TimeSpan.seconds(30)
    /// How many digits it has.
    package static let digits = 6
    /// How many bytes a secret has (RFC 4226, section 4, R6).
    package static let secretLength = 20

    private let key: SymmetricKey

    /// Takes a secret.
    package init(key: SymmetricKey) { self.key = key }

    /// Derives a secret from a seed that the store keeps, with a key that it does not.
    package init(seed: [UInt8], under key: SymmetricKey) {
        let secret = HMAC<SHA256>.authenticationCode(for: seed, using: key)
        self.key = SymmetricKey(data: Array(secret.prefix(Self.secretLength)))
    }

    /// The secret as apps take it: base 32, in groups of four.
    package var text: String { self.key.withUnsafeBytes { Base32.grouped($0) } }

    /// The secret as a link that apps on the same device open.
    package func link(account: String, issuer: String = "Sparekey") -> String {
        let label = Self.escaped(account)
        return
            "otpauth://totp/\(issuer):\(label)?secret=\(self.key.withUnsafeBytes { Base32.encode($0) })&issuer=\(issuer)"
    }

    /// The password of a step.
    package func password(step: Int64, digits: Int = Self.digits) -> String {
        let counter = withUnsafeBytes(of: step.bigEndian) { Array($0) }
        let code = Array(HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: self.key))
        let offset = Int(code[19] & 0xF)
        let value = code[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        var modulus: UInt32 = 1
        for _ in 0..<digits { modulus *= 10 }
        let text = String(value % modulus)
        return String(repeating: "0", count: digits - text.count) + text
    }

    /// The step that a password is of: the present one or a neighbour, for clocks that differ, and later than the one that
    /// was accepted last. Nil when it is of none.
    package func step(of password: String, at now: Timestamp, after last: Int64?) -> Int64? {
        let current = now.milliseconds / Self.step.milliseconds
        var found: Int64?
        // All three are worked out and compared whole, whichever it is.
        for step in current - 1...current + 1 {
            let isEqual = Self.isEqual(self.password(step: step), password)
            if isEqual, step > last ?? -1 { found = step }
        }
        return found
    }

    private static func isEqual(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        return zip(left.utf8, right.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
