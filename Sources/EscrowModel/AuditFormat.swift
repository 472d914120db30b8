/// The forms in which audit entries leave for people's tools.
package enum AuditFormat: String, CaseIterable, Sendable, Codable {
    /// A JSON object on each line: index, time, kind and the record as the log commits to it.
    case jsonl
    /// A table for spreadsheets: RFC 4180, with a header.
    case csv
    /// ArcSight's Common Event Format, an event a line.
    case cef
    /// The Open Cybersecurity Schema Framework, a JSON object on each line.
    case ocsf
}

/// The forms in which the audit log can be exported: those of its entries, and the log itself.
package enum AuditExportFormat: String, CaseIterable, Sendable, Codable {
    /// The whole log with its signed checkpoints, which anybody can verify.
    case log
    case jsonl
    case csv
    case cef
    case ocsf

    /// The form of the entries; nil for the log itself.
    package var entries: AuditFormat? { AuditFormat(rawValue: self.rawValue) }
}
