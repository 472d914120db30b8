/// A whole log as a file: JSON Lines that people's tools can read and anybody can verify.
///
/// A header, then the entries from index 0 on, each checkpoint that was kept after the last entry that it covers, and at the end
/// the checkpoint that the header already has. Every line is written and read by itself, so neither side needs memory that
/// grows with the log. The header's checkpoint says how long the export must be; a file that is cut short shows.
public enum LogExport {
    /// What a header says of its format.
    public static let format = "sparekey-audit-export"
    /// The version of the format.
    public static let version: Int64 = 1
    /// A longer line is refused by the verifier; the longest that is written is about 430,000 bytes.
    public static let maximumLineByteCount = 1_048_576

    /// Appends the first line.
    ///
    /// - Parameters:
    ///   - origin: the log's identity.
    ///   - keys: all verifier keys that have signed for the log. They are a convenience: who verifies should have got them otherwise.
    ///   - head: the checkpoint at which the export ends.
    public static func appendHeader(
        origin: String,
        keys: [VerifierKey],
        head: SignedNote,
        to buffer: inout [UInt8]
    ) {
        let header: CanonicalJSON = [
            "format": .string(Self.format),
            "version": .integer(.init(integerLiteral: Self.version)),
            "origin": .string(origin),
            "vkeys": .array(keys.map { .string($0.description) }),
            "checkpoint": .string(head.description),
        ]
        Self.append(header, to: &buffer)
    }

    /// Appends the line of an entry as it is stored, without asking whether it is right: that is for the verifier to find.
    ///
    /// - Parameters:
    ///   - leaf: the leaf's bytes.
    ///   - salt: nil, with the record, when the entry is redacted.
    ///   - record: the record's canonical bytes; nil, with the salt, when the entry is redacted.
    public static func appendEntry(
        index: UInt64,
        leaf: [UInt8],
        salt: [UInt8]?,
        record: [UInt8]?,
        to buffer: inout [UInt8]
    ) {
        buffer.append(contentsOf: "{\"i\":".utf8)
        CanonicalJSON.encode(Int64(clamping: index), into: &buffer)
        buffer.append(contentsOf: ",\"leaf\":".utf8)
        Self.append(json: leaf, to: &buffer)
        buffer.append(contentsOf: ",\"record\":".utf8)
        Self.append(json: record, to: &buffer)
        buffer.append(contentsOf: ",\"salt\":".utf8)
        if let salt {
            buffer.append(UInt8(ascii: "\""))
            Base64.url.encode(salt, into: &buffer)
            buffer.append(UInt8(ascii: "\""))
        } else {
            buffer.append(contentsOf: "null".utf8)
        }
        buffer.append(contentsOf: "}\n".utf8)
    }

    /// Appends the line of an entry.
    public static func appendEntry(_ entry: LogEntry, to buffer: inout [UInt8]) {
        Self.appendEntry(
            index: entry.index,
            leaf: entry.leaf.bytes,
            salt: entry.content?.salt,
            record: entry.content?.record,
            to: &buffer
        )
    }

    /// Appends the line of a checkpoint; its place is right after the last entry that it covers.
    public static func appendCheckpoint(_ note: SignedNote, to buffer: inout [UInt8]) {
        Self.append(["checkpoint": .string(note.description)], to: &buffer)
    }

    private static func append(_ value: CanonicalJSON, to buffer: inout [UInt8]) {
        value.encode(into: &buffer)
        buffer.append(UInt8(ascii: "\n"))
    }

    /// Stored JSON goes out as it is. What has a control character is none of ours and could break the line: it goes out as a string,
    /// for the verifier to refuse.
    private static func append(json: [UInt8]?, to buffer: inout [UInt8]) {
        switch json {
        case nil: buffer.append(contentsOf: "null".utf8)
        case let json? where json.isEmpty || json.contains { $0 < 0x20 }:
            CanonicalJSON.encode(String(decoding: json, as: UTF8.self), into: &buffer)
        case let json?: buffer.append(contentsOf: json)
        }
    }
}
