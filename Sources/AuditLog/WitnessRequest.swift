/// What a log asks of a witness: to cosign a checkpoint that extends the one which the witness cosigned last
/// (`add-checkpoint` of C2SP tlog-witness).
public struct WitnessRequest: Hashable, Sendable {
    /// More hashes than this are refused.
    public static let maximumHashCount = 63
    /// More bytes than this are not a request.
    public static let maximumByteCount = 65_536

    /// The size that the witness has cosigned, as far as the log knows; 0 for none.
    public let oldSize: UInt64
    /// The consistency proof from there to the checkpoint; none when there is nothing before, or nothing new.
    public let hashes: [TreeHash]
    /// The log's signed checkpoint.
    public let checkpoint: SignedNote

    /// Puts a request together.
    public init(oldSize: UInt64, hashes: [TreeHash], checkpoint: SignedNote) {
        self.oldSize = oldSize
        self.hashes = hashes
        self.checkpoint = checkpoint
    }

    /// Reads a request's body, without checking anything but its form.
    public init(parsing bytes: [UInt8]) throws(NoteError) {
        guard bytes.count <= Self.maximumByteCount else { throw .malformedNote("the request is too long") }
        var rest = bytes[...]
        func line() throws(NoteError) -> String {
            guard let end = rest.firstIndex(of: 0x0A), let line = String(validating: rest[..<end], as: UTF8.self) else {
                throw .malformedNote("the request has no checkpoint")
            }
            rest = rest[rest.index(after: end)...]
            return line
        }
        let first = try line()
        guard first.hasPrefix("old "), let size = UInt64(first.dropFirst(4)), first == "old \(size)" else {
            throw .malformedNote("the request must begin with \"old\" and a size")
        }
        var hashes: [TreeHash] = []
        while case let text = try line(), !text.isEmpty {
            guard hashes.count < Self.maximumHashCount else {
                throw .malformedNote("a proof has \(Self.maximumHashCount) hashes at most")
            }
            guard let hash = TreeHash(base64: text) else {
                throw .malformedNote("a line of the proof is not the base64 of 32 bytes")
            }
            hashes.append(hash)
        }
        self.init(oldSize: size, hashes: hashes, checkpoint: try SignedNote(parsing: Array(rest)))
    }

    /// The body of the request.
    public var text: String {
        "old \(self.oldSize)\n" + self.hashes.map { $0.base64 + "\n" }.joined() + "\n\(self.checkpoint)"
    }
}
