import AuditLog
package import EscrowModel

/// Writes audit entries in one of the forms that people's tools read. Pure: the same entry always gives the same bytes.
package struct EntryFormatter: Sendable {
    /// The form.
    package let format: AuditFormat
    /// The log's identity, which every entry can name.
    let origin: String

    /// Makes a formatter for the entries of the log with an origin.
    package init(_ format: AuditFormat, origin: String) {
        self.format = format
        self.origin = origin
    }

    /// What stands before the first entry: a table's header.
    package func appendHeader(to bytes: inout [UInt8]) {
        if self.format == .csv { CSVFormat.appendHeader(to: &bytes) }
    }

    /// Appends an entry without the end of its line. It has no line break in it, so that it can be a line or a message.
    package func append(_ entry: AuditListing, to bytes: inout [UInt8]) {
        switch self.format {
        case .jsonl: JSONLinesFormat.append(entry, to: &bytes)
        case .csv: CSVFormat.append(LoggedRecord(entry), to: &bytes)
        case .cef: CEFFormat.append(LoggedRecord(entry), origin: self.origin, to: &bytes)
        case .ocsf: OCSFFormat.append(LoggedRecord(entry), origin: self.origin, to: &bytes)
        }
    }

    /// Appends an entry as a line.
    package func appendLine(_ entry: AuditListing, to bytes: inout [UInt8]) {
        self.append(entry, to: &bytes)
        if self.format == .csv { bytes.append(0x0D) }
        bytes.append(0x0A)
    }
}

extension AuditFormat {
    /// The media type of a stream of entries.
    package var mediaType: String {
        switch self {
        case .jsonl, .ocsf: "application/x-ndjson"
        case .csv: "text/csv; charset=utf-8; header=present"
        case .cef: "text/plain; charset=utf-8"
        }
    }

    /// Whether an entry is a JSON object.
    package var isJSON: Bool { self == .jsonl || self == .ocsf }
}
