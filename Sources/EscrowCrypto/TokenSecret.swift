package import BitLocker
import Crypto

/// What the holder of an API token or an enrolment token has: an ID to find it by and 256 random bits.
///
/// Written `sparekey_t_` or `sparekey_e_`, the ID as 32 hexadecimal digits, `_`, the secret as 64, and 8 of a check sum. The
/// prefix lets scanners find one that was published; the check sum tells a cut paste from a revoked token without asking a
/// server. Cannot be copied or printed; the store keeps its hash alone.
package struct TokenSecret: ~Copyable, Sendable {
    /// What a token is for.
    package enum Kind: String, CaseIterable, Sendable {
        /// Makes an API client a caller.
        case api = "t"
        /// Lets devices enrol.
        case enrolment = "e"

        fileprivate var prefix: String { "sparekey_\(self.rawValue)_" }
    }

    /// Why a text is not a token; holds nothing of the text.
    package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// It does not begin like one.
        case notAToken(expected: Kind)
        /// It is a token for something else.
        case otherKind(expected: Kind, given: Kind)
        /// It begins like a token, but was cut or changed.
        case damaged

        /// What is wrong and what to do.
        package var description: String {
            switch self {
            case .notAToken(let expected):
                "This is not a token; \(expected.article) token begins with \(expected.prefix)."
            case .otherKind(let expected, let given):
                "This is \(given.article) token; here \(expected.article) token is needed, which begins with "
                    + "\(expected.prefix)."
            case .damaged: "The token is not complete or was changed: copy it again, all 116 characters."
            }
        }
    }

    private static let secretLength = 32
    private static let checkLength = 4
    /// After the prefix: ID, underscore, secret, check sum.
    private static let digitCount = 32 + 1 + 2 * (Self.secretLength + Self.checkLength)

    /// What it is for.
    package let kind: Kind
    /// The ID under which the store keeps its hash; not secret.
    package let id: GUID
    private let secret: SecretBytes

    private init(kind: Kind, id: GUID, secret: consuming SecretBytes) {
        self.kind = kind
        self.id = id
        self.secret = secret
    }

    /// Makes a new token; `generator` must be cryptographically secure, as `SystemRandomNumberGenerator` is.
    ///
    /// - Parameter id: the ID that it gets; a random one when nil.
    package static func generate(
        _ kind: Kind,
        id: GUID? = nil,
        using generator: inout some RandomNumberGenerator
    ) -> TokenSecret {
        let id = id ?? GUID.random(using: &generator)
        return TokenSecret(kind: kind, id: id, secret: SecretBytes(count: Self.secretLength, using: &generator))
    }

    /// Reads a token of a kind; spaces and line breaks around it are what pasting does, and are left off.
    package init(_ text: some StringProtocol, kind: Kind) throws(Problem) {
        let blank: Set<UInt8> = [0x09, 0x0A, 0x0D, 0x20]
        let start = text.utf8.drop { blank.contains($0) }
        let bytes = Array(start.reversed().drop { blank.contains($0) }.reversed())
        guard let given = Kind.allCases.first(where: { bytes.starts(with: $0.prefix.utf8) }) else {
            throw .notAToken(expected: kind)
        }
        guard given == kind else { throw .otherKind(expected: kind, given: given) }
        let digits = bytes.dropFirst(kind.prefix.utf8.count)
        guard digits.count == Self.digitCount, digits[digits.startIndex + 32] == UInt8(ascii: "_"),
            let idBytes = Hexadecimal.bytes(of: digits.prefix(32)), let id = GUID(bytes: idBytes),
            let check = Hexadecimal.bytes(of: digits.suffix(2 * Self.checkLength))
        else { throw .damaged }
        let secret = try SecretBytes(count: Self.secretLength) { (storage) throws(Problem) in
            for (index, digit) in digits.dropFirst(33).prefix(2 * Self.secretLength).enumerated() {
                guard let value = Hexadecimal.value(of: digit) else { throw .damaged }
                storage[index / 2] = storage[index / 2] << 4 | value
            }
        }
        guard constantTimeEqual(Self.check(kind: kind, id: id, secret: secret), check) else { throw .damaged }
        self.init(kind: kind, id: id, secret: secret)
    }

    /// The text to hand to its holder, once. Do not log it, and do not keep it.
    package borrowing func reveal() -> String {
        let id = Hexadecimal.text(of: self.id.bytes)
        let secret = self.secret.withUnsafeBytes { Hexadecimal.text(of: $0) }
        let check = Hexadecimal.text(of: Self.check(kind: self.kind, id: self.id, secret: self.secret))
        return "\(self.kind.prefix)\(id)_\(secret)\(check)"
    }

    /// What the store keeps: SHA-256 over a label, the kind, the ID and the secret. A plain hash is enough for 256 bits.
    package var hash: [UInt8] {
        Self.digest("sparekey/token/v1/hash\n", kind: self.kind, id: self.id, secret: self.secret)
    }

    /// Whether a stored hash is this token's, in constant time.
    package borrowing func matches(hash: [UInt8]) -> Bool { constantTimeEqual(self.hash, hash) }

    private static func check(kind: Kind, id: GUID, secret: borrowing SecretBytes) -> [UInt8] {
        Array(Self.digest("sparekey/token/v1/check\n", kind: kind, id: id, secret: secret).prefix(Self.checkLength))
    }

    private static func digest(_ label: String, kind: Kind, id: GUID, secret: borrowing SecretBytes) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array((label + kind.prefix).utf8))
        hash.update(data: id.bytes)
        secret.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize())
    }
}

extension TokenSecret.Kind {
    fileprivate var article: String {
        switch self {
        case .api: "an API"
        case .enrolment: "an enrolment"
        }
    }
}
