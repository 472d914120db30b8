/// A text with signatures by one or more keys (C2SP signed-note).
///
/// Nothing in the text may be believed before ``verified(by:)`` named a key that the caller trusts.
public struct SignedNote: Hashable, Sendable {
    /// More bytes than this are not a note: 16 signatures of any kind that is specified today fit three times.
    public static let maximumByteCount = 262_144
    /// More signatures than this are refused; the specification asks for 16 at least.
    public static let maximumSignatureCount = 128

    /// The signed text, its last newline included.
    public let text: String
    /// The signatures, known and unknown, in the order of their lines.
    public let signatures: [NoteSignature]

    /// Puts a note together; throws when the text or the signatures cannot be in one.
    public init(text: String, signatures: [NoteSignature]) throws(NoteError) {
        guard text.utf8.last == UInt8(ascii: "\n") else { throw .malformedNote("its text does not end in a newline") }
        guard text.utf8.allSatisfy({ $0 >= 0x20 || $0 == 0x0A }) else {
            throw .malformedNote("it has a control character")
        }
        guard !signatures.isEmpty else { throw .malformedNote("it has no signature") }
        guard signatures.count <= Self.maximumSignatureCount else {
            throw .malformedNote("it has more than \(Self.maximumSignatureCount) signatures")
        }
        self.text = text
        self.signatures = signatures
    }

    /// Reads a note, without checking its signatures.
    public init(parsing bytes: [UInt8]) throws(NoteError) {
        guard bytes.count <= Self.maximumByteCount else { throw .malformedNote("it is longer than 256 KiB") }
        guard let note = String(validating: bytes, as: UTF8.self) else { throw .malformedNote("it is not UTF-8") }
        guard bytes.last == UInt8(ascii: "\n") else { throw .malformedNote("it does not end in a newline") }
        // The last empty line parts the text from the signatures.
        guard let blank = bytes.indices.dropFirst().last(where: { bytes[$0] == 0x0A && bytes[$0 - 1] == 0x0A }) else {
            throw .malformedNote("no empty line stands between text and signatures")
        }
        let text = String(note.utf8.prefix(blank)) ?? ""
        var signatures: [NoteSignature] = []
        for line in note.utf8.dropFirst(blank + 1).dropLast().split(separator: 0x0A, omittingEmptySubsequences: false) {
            guard signatures.count < Self.maximumSignatureCount else {
                throw .malformedNote("it has more than \(Self.maximumSignatureCount) signatures")
            }
            guard let signature = NoteSignature(line: String(line) ?? "") else {
                throw .malformedNote("a line after the empty one is not a signature: it must be \"— name base64\"")
            }
            signatures.append(signature)
        }
        try self.init(text: text, signatures: signatures)
    }

    /// The note's bytes.
    public var bytes: [UInt8] { Array(self.description.utf8) }

    /// Checks the signatures of the keys that the caller knows, and tells which of these keys signed.
    ///
    /// Signatures by other keys are passed over, as the specification demands: that is how keys are rotated and witnesses added.
    /// Throws when no known key signed, or when a signature that claims a known key is bad.
    public func verified(by keys: [VerifierKey]) throws(NoteError) -> [VerifierKey] {
        var signers: [VerifierKey] = []
        for signature in self.signatures {
            guard let key = keys.first(where: { $0.matches(signature) }) else { continue }
            guard key.isValid(signature, over: self.text) else { throw .badSignature(keyName: key.name) }
            if !signers.contains(key) { signers.append(key) }
        }
        guard !signers.isEmpty else {
            throw .noKnownSignature(signedBy: Array(Set(self.signatures.map(\.name))).sorted())
        }
        return signers
    }

    /// The same note with one more signature, for instance a witness's.
    public func adding(_ signature: NoteSignature) throws(NoteError) -> SignedNote {
        try SignedNote(text: self.text, signatures: self.signatures + [signature])
    }
}

extension SignedNote: CustomStringConvertible {
    /// The note as text: what is stored and served.
    public var description: String {
        self.text + "\n" + self.signatures.map { $0.line + "\n" }.joined()
    }
}
