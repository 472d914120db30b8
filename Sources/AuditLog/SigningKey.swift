public import Crypto

/// The private half of a key that signs notes.
///
/// Its bytes are wiped by Crypto when the last copy goes.
public struct SigningKey: Sendable {
    /// The public half, for the key's own signatures over a note.
    public let verifierKey: VerifierKey
    /// The public half, for cosignatures that the key makes as a witness.
    public let cosignerKey: VerifierKey
    private let key: Curve25519.Signing.PrivateKey

    /// Makes an Ed25519 key from its seed (RFC 8032, section 5.1.5), 32 random bytes that the caller keeps secret.
    ///
    /// - Parameters:
    ///   - name: for a log, its origin; without spaces, plus or control characters.
    ///   - seed: 256 bits.
    public init(name: String, seed: SymmetricKey) throws(NoteError) {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else { throw .invalidSeed }
        let publicKey = Array(key.publicKey.rawRepresentation)
        self.verifierKey = try VerifierKey(name: name, publicKey: publicKey)
        self.cosignerKey = try VerifierKey(name: name, algorithm: .cosignatureV1, publicKey: publicKey)
        self.key = key
    }

    /// Reads the text form of a private key, `PRIVATE+KEY+name+hex(keyID)+base64(0x01 || seed)`, as Go's `note` package
    /// writes it; nil for anything else. The text is a secret.
    public init?(parsing text: String) {
        let prefix = "PRIVATE+KEY+"
        guard text.hasPrefix(prefix) else { return nil }
        let parts = text.dropFirst(prefix.count).split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let material = Base64.standard.decode(Array(parts[2].utf8)), material.count == 33,
            material[0] == VerifierKey.Algorithm.ed25519.rawValue
        else { return nil }
        let seed = SymmetricKey(data: material.dropFirst())
        guard let key = try? SigningKey(name: String(parts[0]), seed: seed),
            key.verifierKey.description.hasPrefix("\(parts[0])+\(parts[1])+")
        else { return nil }
        self = key
    }

    /// The text form of the private key that has this seed. It is a secret.
    public static func text(name: String, seed: SymmetricKey) throws(NoteError) -> String {
        let key = try SigningKey(name: name, seed: seed)
        let id = key.verifierKey.description.dropFirst(name.count + 1).prefix(8)
        let material = seed.withUnsafeBytes { [VerifierKey.Algorithm.ed25519.rawValue] + Array($0) }
        return "PRIVATE+KEY+\(name)+\(id)+\(Base64.standard.encode(material))"
    }

    /// Signs a note's text, which must end in a newline.
    public func sign(_ text: String) throws(NoteError) -> NoteSignature {
        NoteSignature(key: self.verifierKey, bytes: try self.signature(over: Array(text.utf8)))
    }

    /// Signs, as a witness, that this is the largest tree it has seen of its log at a time.
    ///
    /// - Parameter seconds: since 1970, at most 2^63 - 1.
    public func cosign(_ checkpoint: Checkpoint, at seconds: UInt64) throws(NoteError) -> NoteSignature {
        let message = NoteSignature.cosignedMessage(checkpoint.text, at: seconds)
        let time = (0..<8).map { UInt8(truncatingIfNeeded: seconds >> UInt64(56 - 8 * $0)) }
        return NoteSignature(key: self.cosignerKey, bytes: time + (try self.signature(over: message)))
    }

    private func signature(over message: [UInt8]) throws(NoteError) -> [UInt8] {
        do { return Array(try self.key.signature(for: message)) } catch { throw .signingFailed }
    }
}
