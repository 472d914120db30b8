import AuditLog
import EscrowModel

/// A JSON object for each entry: its place, its time, what happened, and the record byte for byte as the log commits to it.
enum JSONLinesFormat {
    static func append(_ entry: AuditListing, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "{\"index\":\(entry.index),\"kind\":".utf8)
        CanonicalJSON.string(entry.kind).encode(into: &bytes)
        bytes.append(contentsOf: ",\"record\":".utf8)
        switch entry.record {
        case nil: bytes.append(contentsOf: "null".utf8)
        case let record? where record.isEmpty || record.contains { $0 < 0x20 }:
            // Not as it was written; it must not break the line.
            CanonicalJSON.string(String(decoding: record, as: UTF8.self)).encode(into: &bytes)
        case let record?: bytes.append(contentsOf: record)
        }
        bytes.append(contentsOf: ",\"time\":\"\(entry.time)\"}".utf8)
    }
}
