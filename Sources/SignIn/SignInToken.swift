import BitLocker
import Crypto

/// 256 random bits that a browser or a link holds. The store has a hash of them, another one for each purpose.
///
/// Cannot be copied or printed. A plain hash is enough for 256 bits.
package struct SignInToken: ~Copyable, Sendable {
    /// What a token is for: one that was given for something is nothing elsewhere.
    package enum Purpose: String, Sendable {
        /// A browser's cookie while somebody is signed in.
        case session
        /// A browser's cookie between the steps of a sign-in.
        case step
        /// The link of an invitation.
        case invitation
    }

    private static let length = 32
    private let secret: SecretBytes

    private init(_ secret: consuming SecretBytes) { self.secret = secret }

    /// Makes a new token; `generator` must be cryptographically secure, as `SystemRandomNumberGenerator` is.
    package static func generate(using generator: inout some RandomNumberGenerator) -> SignInToken {
        SignInToken(SecretBytes(count: Self.length, using: &generator))
    }

    /// Reads what ``reveal()`` wrote; nil for anything else.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 43, let bytes = Base64URL.decode(text), bytes.count == Self.length else { return nil }
        self.secret = SecretBytes(copying: bytes.span)
    }

    /// The text to hand to its holder: 43 letters, digits, `-` and `_`.
    package borrowing func reveal() -> String { self.secret.withUnsafeBytes { Base64URL.encode($0) } }

    /// What the store keeps.
    package borrowing func hash(for purpose: Purpose) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("sparekey/sign-in/v1/\(purpose.rawValue)\n".utf8))
        self.secret.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize())
    }

    /// What forms on pages that this holder gets must send back. It says nothing of the token.
    package borrowing func formToken() -> String {
        let key = self.secret.withUnsafeBytes { SymmetricKey(data: $0) }
        return Base64URL.encode(
            HMAC<SHA256>.authenticationCode(for: Array("sparekey/sign-in/v1/form".utf8), using: key)
        )
    }

    /// Whether a form sent what it must, in constant time.
    package borrowing func isFormToken(_ text: String) -> Bool {
        guard let code = Base64URL.decode(text) else { return false }
        let key = self.secret.withUnsafeBytes { SymmetricKey(data: $0) }
        return HMAC<SHA256>.isValidAuthenticationCode(
            code,
            authenticating: Array("sparekey/sign-in/v1/form".utf8),
            using: key
        )
    }
}
