/// Proof, for somebody who has no access to the log, that an entry is on it (C2SP tlog-proof): an index, the hashes from
/// the entry's leaf to the root, and the signed checkpoint with that root.
///
/// It can be checked offline and for ever, so every copy that is kept makes rewriting the log harder.
public struct LogReceipt: Hashable, Sendable {
    /// The first line of the text form.
    public static let header = "c2sp.org/tlog-proof@v1"
    /// More bytes than this are not a receipt.
    public static let maximumByteCount = SignedNote.maximumByteCount + 16_384

    /// The hashes, with the entry's index and the size of the log.
    public let proof: InclusionProof
    /// The signed checkpoint of the log of that size.
    public let checkpoint: SignedNote

    /// Puts a receipt together, unverified; nil when the note is no checkpoint of the proof's size.
    public init?(proof: InclusionProof, checkpoint: SignedNote) {
        guard let size = try? Checkpoint(text: checkpoint.text).size, size == proof.size else { return nil }
        self.proof = proof
        self.checkpoint = checkpoint
    }

    /// Reads the text form, unverified. Lines that begin with `extra ` are passed over.
    public init(parsing bytes: [UInt8]) throws(ReceiptError) {
        guard bytes.count <= Self.maximumByteCount, let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed("it is too long, or not UTF-8")
        }
        guard let blank = text.firstRange(of: "\n\n") else { throw .malformed("it has no empty line") }
        var lines = text[..<blank.lowerBound].split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst().map(String.init) == Self.header else {
            throw .malformed("it does not begin with \(Self.header)")
        }
        if lines.first?.hasPrefix("extra ") == true { lines.removeFirst() }
        guard let line = lines.popFirst(), line.hasPrefix("index "), let index = Self.number(line.dropFirst(6)) else {
            throw .malformed("it names no index")
        }
        var hashes: [TreeHash] = []
        for line in lines {
            guard hashes.count < 64, let hash = TreeHash(base64: line) else {
                throw .malformed("a line of the proof is not the base64 of 32 bytes")
            }
            hashes.append(hash)
        }
        let note: SignedNote
        let size: UInt64
        do throws(NoteError) {
            note = try SignedNote(parsing: Array(text[blank.upperBound...].utf8))
            size = try Checkpoint(text: note.text).size
        } catch {
            throw .note(error)
        }
        self.proof = InclusionProof(index: index, size: size, hashes: hashes)
        self.checkpoint = note
    }

    /// The text form, which is kept in files that end in `.tlog-proof`.
    public var text: String {
        let hashes = self.proof.hashes.map { $0.base64 + "\n" }.joined()
        return "\(Self.header)\nindex \(self.proof.index)\n\(hashes)\n\(self.checkpoint)"
    }

    /// Checks that the entry with this leaf is on the log whose keys these are.
    ///
    /// - Returns: the checkpoint that vouches for it.
    @discardableResult
    public func verify(leaf: TreeHash, keys: [VerifierKey]) throws(ReceiptError) -> Checkpoint {
        let checkpoint: Checkpoint
        do throws(NoteError) { checkpoint = try Checkpoint(verifying: self.checkpoint, by: keys) } catch {
            throw .note(error)
        }
        do throws(ProofError) { try self.proof.verify(leaf: leaf, root: checkpoint.root) } catch {
            throw .proof(error)
        }
        return checkpoint
    }

    private static func number(_ text: Substring) -> UInt64? {
        guard let number = UInt64(text), String(number) == text else { return nil }
        return number
    }
}

/// Why a receipt proves nothing.
public enum ReceiptError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text is not a receipt.
    case malformed(String)
    /// Its checkpoint cannot be believed.
    case note(NoteError)
    /// Its hashes do not lead from the entry to the root.
    case proof(ProofError)

    /// A sentence for people.
    public var description: String {
        switch self {
        case .malformed(let why): "this is not a receipt (tlog-proof): \(why)"
        case .note(let error): "the receipt's checkpoint cannot be believed: \(error)"
        case .proof(let error): error.description
        }
    }
}
