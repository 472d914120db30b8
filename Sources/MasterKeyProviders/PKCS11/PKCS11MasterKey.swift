package import BitLocker
import CPKCS11
import Crypto
package import EscrowCrypto
package import EscrowModel

/// A master key in a PKCS #11 token, such as an HSM: it never leaves the token, which encrypts and decrypts with AES-GCM.
///
/// What it wraps is `"SKMH" | 1 | nonce (12) | ciphertext, tag (16)`, magic and context authenticated. The PIN is read
/// from its file for each use, and each use has a session of its own.
package struct PKCS11MasterKey: MasterKeyProvider {
    static let tagLength = 16
    private static let magic = Array("SKMH".utf8) + [1]
    private static let nonceLength = 12
    /// How long a token may take for one use, in seconds.
    package static let patience = 30

    /// The kind, and something made from the key's CKA_ID, or from its label where it has none.
    ///
    /// Not from the token's serial number: a key that is restored to another token is the same key.
    package let id: String
    /// Whether the key was made just now.
    package let isNew: Bool
    /// Names token and key.
    package var whereabouts: String { Self.whereabouts(self.source) }
    private let source: MasterKeySource.Token
    private let pin: SecretFile
    private let module: TokenLibrary

    /// Finds the key in the token, and checks that it can be used.
    ///
    /// - Parameters:
    ///   - source: which key, in which token.
    ///   - pin: the file with the PIN.
    ///   - mayCreate: whether to make the key when the token does not have it.
    ///   - module: the module, when it is not that of the path.
    package init(
        _ source: MasterKeySource.Token,
        pin: SecretFile,
        mayCreate: Bool,
        module: TokenLibrary? = nil
    ) async throws(MasterKeyError) {
        let library = module ?? .path(source.module)
        let secret = try pin.line().key
        let found: (id: [UInt8], isNew: Bool) = try await Self.run(source) { () throws(PKCS11Error) in
            try PKCS11Session.with(try library.load(), token: source.token, pin: secret, writes: mayCreate) {
                (session) throws(PKCS11Error) in
                var key = try session.key(label: source.key)
                let isNew = key == nil
                if isNew, mayCreate {
                    try session.makeKey(label: source.key, id: Self.random(16))
                    key = try session.key(label: source.key)
                }
                guard let key else { throw .noKey(key: source.key, token: source.token) }
                try session.check(key, label: source.key)
                return (id: try session.attribute(CKA_ID, of: key), isNew: isNew)
            }
        }
        let name = found.id.isEmpty ? Array("label:\(source.key)".utf8) : Array("id:".utf8) + found.id
        let digest = SHA256.hash(data: Array("sparekey/master-key/v1/pkcs11 ".utf8) + name)
        self.id = "pkcs11:" + Hexadecimal.text(of: digest.prefix(8))
        self.source = source
        self.pin = pin
        self.module = library
        self.isNew = found.isNew
    }

    /// Encrypts inside the token.
    package func wrap(_ secret: borrowing SecretBytes, context: String) async throws(MasterKeyError) -> [UInt8] {
        guard (1...MasterKey.longestSecret).contains(secret.count) else { throw .badLength }
        let plaintext = secret.key
        let nonce = Self.random(Self.nonceLength)
        let authenticated = Self.magic + context.utf8
        let sealed = try await self.use { (session, key) throws(PKCS11Error) in
            try session.encrypt(plaintext, with: key, nonce: nonce, authenticating: authenticated)
        }
        guard sealed.count == plaintext.bitCount / 8 + Self.tagLength else {
            throw .unavailable(whereabouts: self.whereabouts, reason: "its AES-GCM has tags of another length.")
        }
        return Self.magic + nonce + sealed
    }

    /// Decrypts inside the token.
    package func unwrap(_ wrapped: [UInt8], context: String) async throws(MasterKeyError) -> SecretBytes {
        let shortest = Self.magic.count + Self.nonceLength + Self.tagLength
        guard wrapped.starts(with: Self.magic), (shortest...shortest + MasterKey.longestSecret).contains(wrapped.count)
        else { throw .malformed(whereabouts: self.whereabouts) }
        let nonce = Array(wrapped.dropFirst(Self.magic.count).prefix(Self.nonceLength))
        let sealed = Array(wrapped.dropFirst(Self.magic.count + Self.nonceLength))
        let authenticated = Self.magic + context.utf8
        let secret = try await self.use { (session, key) throws(PKCS11Error) in
            try session.decrypt(sealed, with: key, nonce: nonce, authenticating: authenticated)
        }
        guard let secret else { throw .doesNotUnwrap(whereabouts: self.whereabouts) }
        return SecretBytes(secret)
    }

    private func use<Value: Sendable>(
        _ body: @Sendable @escaping (PKCS11Session, CK_OBJECT_HANDLE) throws(PKCS11Error) -> Value
    ) async throws(MasterKeyError) -> Value {
        let (source, library, pin) = (self.source, self.module, try self.pin.line().key)
        return try await Self.run(source) { () throws(PKCS11Error) in
            try PKCS11Session.with(try library.load(), token: source.token, pin: pin) { (session) throws(PKCS11Error) in
                guard let key = try session.key(label: source.key) else {
                    throw .noKey(key: source.key, token: source.token)
                }
                return try body(session, key)
            }
        }
    }

    private static func run<Value: Sendable>(
        _ source: MasterKeySource.Token,
        _ body: @Sendable @escaping () throws(PKCS11Error) -> Value
    ) async throws(MasterKeyError) -> Value {
        do throws(PKCS11Error) {
            return try await TokenThread.run(timeout: Self.patience, body)
        } catch {
            throw .unavailable(whereabouts: Self.whereabouts(source), reason: error.description)
        }
    }

    private static func whereabouts(_ source: MasterKeySource.Token) -> String {
        "the key \"\(source.key)\" in the PKCS #11 token \"\(source.token)\""
    }

    private static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in generator.next() }
    }
}
