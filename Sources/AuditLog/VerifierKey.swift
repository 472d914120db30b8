internal import Crypto

/// The public half of a key that signs notes, with its name (C2SP signed-note): who the signer is and how to check it.
public struct VerifierKey: Hashable, Sendable {
    /// What the key signs, by the type byte of the specification.
    public enum Algorithm: UInt8, Hashable, Sendable {
        /// Ed25519 over the note's text: a log's own signature.
        case ed25519 = 0x01
        /// Ed25519 over a time and the note's text: a witness's cosignature (C2SP tlog-cosignature, cosignature/v1).
        case cosignatureV1 = 0x04
    }

    /// The name of the key; for a log, its origin.
    public let name: String
    /// What the key signs.
    public let algorithm: Algorithm
    /// The Ed25519 public key (RFC 8032), 32 bytes.
    public let publicKey: [UInt8]
    /// The first four bytes of SHA-256 over name, newline, type byte and public key: tells keys of one name apart.
    public let keyID: UInt32

    /// Makes a verifier key; throws when the name is empty or has a space, a plus or a control character, or the key is not 32 bytes.
    public init(name: String, algorithm: Algorithm = .ed25519, publicKey: [UInt8]) throws(NoteError) {
        guard Self.isValid(name: name) else { throw .invalidKeyName }
        guard publicKey.count == 32 else { throw .invalidVerifierKey("its public key is not 32 bytes long") }
        self.name = name
        self.algorithm = algorithm
        self.publicKey = publicKey
        self.keyID = Self.keyID(name: name, algorithm: algorithm, publicKey: publicKey)
    }

    /// Reads the text form `name+hex(keyID)+base64(type || public key)`.
    public init(_ text: String) throws(NoteError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "+"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .invalidVerifierKey("it must look like name+12345678+base64") }
        guard let material = Base64.standard.decode(Array(parts[2])), let type = material.first else {
            throw .invalidVerifierKey("what follows the second plus is not base64")
        }
        guard let algorithm = Algorithm(rawValue: type) else {
            throw .invalidVerifierKey("its type \(type) is not known here; type 1 (Ed25519) and 4 (cosignature) are")
        }
        try self.init(name: String(parts[0]) ?? "", algorithm: algorithm, publicKey: Array(material.dropFirst()))
        guard parts[1].elementsEqual(Self.text(of: self.keyID).utf8) else {
            throw .invalidVerifierKey("its key ID does not fit its name and public key; copy it again, whole")
        }
    }

    /// Whether the name and key ID on a signature line are this key's.
    func matches(_ signature: NoteSignature) -> Bool {
        self.keyID == signature.keyID && self.name.utf8.elementsEqual(signature.name.utf8)
    }

    /// Whether a signature is this key's over the text.
    func isValid(_ signature: NoteSignature, over text: String) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: self.publicKey) else { return false }
        switch self.algorithm {
        case .ed25519:
            return key.isValidSignature(signature.bytes, for: Array(text.utf8))
        case .cosignatureV1:
            guard signature.bytes.count == 72, let seconds = signature.cosignatureTime else { return false }
            return key.isValidSignature(
                Array(signature.bytes[8...]),
                for: NoteSignature.cosignedMessage(text, at: seconds)
            )
        }
    }

    static func isValid(name: String) -> Bool {
        !name.isEmpty
            && name.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0 != "+" && $0.value >= 0x20 }
    }

    static func keyID(name: String, algorithm: Algorithm, publicKey: [UInt8]) -> UInt32 {
        let digest = SHA256.hash(data: Array(name.utf8) + [0x0A, algorithm.rawValue] + publicKey)
        return digest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func text(of keyID: UInt32) -> String {
        Hexadecimal.text(of: (0..<4).map { UInt8(truncatingIfNeeded: keyID >> (24 - 8 * $0)) })
    }
}

extension VerifierKey: CustomStringConvertible {
    /// The text form: what is given to those who verify.
    public var description: String {
        let material = Base64.standard.encode([self.algorithm.rawValue] + self.publicKey)
        return "\(self.name)+\(Self.text(of: self.keyID))+\(material)"
    }
}
