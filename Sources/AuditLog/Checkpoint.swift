/// The head of a log at one moment: its origin, how many entries it has, and the root over them (C2SP tlog-checkpoint).
///
/// A log must never sign two checkpoints of which one does not extend the other.
public struct Checkpoint: Hashable, Sendable {
    /// The identity of the log, and the name of its key: a URL without scheme, such as `escrow.example.com/audit/1`.
    public let origin: String
    /// How many entries the log has.
    public let size: UInt64
    /// The root of the tree over them.
    public let root: TreeHash
    /// Lines after the root, opaque here; a log of ours writes none.
    public let extensionLines: [String]

    /// Makes a checkpoint of a log's head.
    public init(origin: String, size: UInt64, root: TreeHash) {
        self.origin = origin
        self.size = size
        self.root = root
        self.extensionLines = []
    }

    /// Makes a checkpoint of a log's head.
    public init(origin: String, range: CompactRange) {
        self.init(origin: origin, size: range.size, root: range.root)
    }

    /// Reads the text of a note.
    public init(text: String) throws(NoteError) {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String($0) ?? "" }
        guard lines.last == "", lines.count >= 4 else { throw .malformedCheckpoint("it has fewer than three lines") }
        guard !lines.dropLast().contains("") else { throw .malformedCheckpoint("it has an empty line") }
        let digits = lines[1].utf8
        guard digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let size = UInt64(lines[1]),
            digits.count == 1 || digits.first != UInt8(ascii: "0")
        else { throw .malformedCheckpoint("its second line is not a size") }
        guard let root = TreeHash(base64: lines[2]) else {
            throw .malformedCheckpoint("its third line is not the base64 of 32 bytes")
        }
        guard size > 0 || root == MerkleTree.emptyRoot else {
            throw .malformedCheckpoint("its size is 0 and its root is not that of an empty log")
        }
        self.origin = lines[0]
        self.size = size
        self.root = root
        self.extensionLines = Array(lines[3..<(lines.count - 1)])
    }

    /// The text that is signed, its last newline included.
    public var text: String {
        ([self.origin, String(self.size), self.root.base64] + self.extensionLines).map { $0 + "\n" }.joined()
    }

    /// Signs the checkpoint with the log's key.
    public func signed(by key: SigningKey) throws(NoteError) -> SignedNote { try self.signed(by: [key]) }

    /// Signs the checkpoint with the log's old and its new key, while keys change.
    public func signed(by keys: [SigningKey]) throws(NoteError) -> SignedNote {
        var signatures: [NoteSignature] = []
        for key in keys { signatures.append(try key.sign(self.text)) }
        return try SignedNote(text: self.text, signatures: signatures)
    }

    /// Reads a checkpoint out of a note after checking that its log signed it.
    ///
    /// - Parameter keys: the verifier keys of the one log that is expected. They bear its origin as their name, and one of them must have signed.
    public init(verifying note: SignedNote, by keys: [VerifierKey]) throws(NoteError) {
        let logKeys = keys.filter { $0.algorithm == .ed25519 }
        _ = try note.verified(by: logKeys)
        try self.init(text: note.text)
        guard let expected = logKeys.first?.name, self.origin.utf8.elementsEqual(expected.utf8) else {
            throw .wrongOrigin(found: self.origin, expected: logKeys.first?.name ?? "")
        }
    }
}
