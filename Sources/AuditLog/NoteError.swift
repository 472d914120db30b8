/// Why a note, a checkpoint or a key of theirs is refused.
public enum NoteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes are not a signed note.
    case malformedNote(String)
    /// The note's text is not a checkpoint.
    case malformedCheckpoint(String)
    /// The text is not a verifier key.
    case invalidVerifierKey(String)
    /// The name of a key is empty, or has a space, a plus or a control character.
    case invalidKeyName
    /// A seed is not 32 bytes long.
    case invalidSeed
    /// The crypto library did not make a signature.
    case signingFailed
    /// None of the keys that are known signed.
    case noKnownSignature(signedBy: [String])
    /// A signature that claims a known key is not by it, or not over this text.
    case badSignature(keyName: String)
    /// The checkpoint is of another log.
    case wrongOrigin(found: String, expected: String)

    /// A sentence for people.
    public var description: String {
        switch self {
        case .malformedNote(let why): "this is not a signed note: \(why)"
        case .malformedCheckpoint(let why): "this is not a checkpoint: \(why)"
        case .invalidVerifierKey(let why): "this is not a verifier key: \(why)"
        case .invalidKeyName: "a key's name must not be empty, nor have spaces, plus signs or control characters"
        case .invalidSeed: "the seed of a signing key must be 32 bytes"
        case .signingFailed: "the signature could not be made; nothing was signed"
        case .noKnownSignature(let names):
            "no signature is by a key you gave; it is signed by: \(names.joined(separator: ", ")). Check the verifier key"
        case .badSignature(let name):
            "the signature that claims to be by \(name) is not: the text was changed, or another key signed it"
        case .wrongOrigin(let found, let expected): "the checkpoint is of the log \(found), not of \(expected)"
        }
    }
}
