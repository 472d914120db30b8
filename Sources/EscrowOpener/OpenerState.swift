import AuditLog
import FoundationEssentials

/// How far the opener has seen the log, as it is kept between its lives: the edge of the tree and its signed checkpoint.
struct OpenerState: Equatable {
    private static let mark = "sparekey opener 1"
    /// The edge has at most 64 hashes.
    static let longest = SignedNote.maximumByteCount + 4096

    /// The right edge of the tree.
    let edge: CompactRange
    /// The checkpoint.
    let note: [UInt8]

    init(edge: CompactRange, note: [UInt8]) {
        self.edge = edge
        self.note = note
    }

    /// Two lines of text, and the note.
    var bytes: [UInt8] {
        Array("\(Self.mark)\n\(Data(self.edge.bytes).base64EncodedString())\n".utf8) + self.note
    }

    /// Reads what `bytes` made; nil for anything else.
    init?(bytes: [UInt8]) {
        let parts = bytes.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].elementsEqual(Self.mark.utf8),
            let edge = Data(base64Encoded: Data(parts[1])).flatMap({ CompactRange(bytes: Array($0)) })
        else { return nil }
        self.edge = edge
        self.note = Array(parts[2])
    }
}
