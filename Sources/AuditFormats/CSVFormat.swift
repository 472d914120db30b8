import AuditLog
import EscrowModel

/// A table for spreadsheets: RFC 4180, UTF-8, a header, and no cell that a spreadsheet takes for a formula.
package enum CSVFormat {
    /// The columns, in order. A new one goes at the end, before `more`, so that people's formulas stay right.
    private static let columns: [(name: String, value: @Sendable (LoggedRecord) -> String?)] = [
        ("index", { String($0.index) }),
        ("time", { $0.time.description }),
        ("kind", { $0.kind }),
        ("severity", { $0.meaning.severity.word }),
        ("outcome", { $0.outcome?.rawValue }),
        ("caller", { $0.principal }),
        ("callerName", { $0.name }),
        ("role", { $0.role }),
        ("scope", { $0.scope }),
        ("address", { $0.address }),
        ("agent", { $0.agent }),
        ("requestId", { $0.requestID }),
        ("action", { $0.action }),
        ("rule", { $0.rule }),
        ("device", { $0.device }),
        ("deviceName", { $0.deviceName }),
        ("volume", { $0.volume }),
        ("protector", { $0.protector }),
        ("rotation", { $0.rotation }),
        ("token", { $0.token }),
        ("reason", { $0.reason }),
        ("ticket", { $0.ticket }),
        ("comment", { $0.comment }),
        ("detail", { $0.detail }),
        // Members that this version knows no column for, as JSON.
        ("more", { $0.more.members.isEmpty ? nil : String(decoding: $0.more.bytes, as: UTF8.self) }),
    ]

    static func appendHeader(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: Self.columns.map(\.name).joined(separator: ",").utf8)
        bytes.append(contentsOf: "\r\n".utf8)
    }

    static func append(_ record: LoggedRecord, to bytes: inout [UInt8]) {
        for (number, column) in Self.columns.enumerated() {
            if number > 0 { bytes.append(UInt8(ascii: ",")) }
            if let text = column.value(record) { Self.append(cell: text, to: &bytes) }
        }
    }

    /// Appends a cell: in quotes where RFC 4180 wants them, and behind an apostrophe where a spreadsheet would run it.
    ///
    /// The characters are those that OWASP names for CSV injection. Line breaks become spaces: a record is one line.
    package static func append(cell text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { utf8 in
            var needsQuotes = false
            for byte in utf8 where byte < 0x20 || byte == 0x22 || byte == 0x2C || byte == 0x3B { needsQuotes = true }
            let isFormula = utf8.first.map { first in
                switch first {
                case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D, 0x0A: true
                // Full-width = + - @, which spreadsheets of East Asia take for the same.
                case 0xEF: Self.fullWidthOperators.contains(Array(utf8.prefix(3)))
                default: false
                }
            }
            if needsQuotes { bytes.append(UInt8(ascii: "\"")) }
            if isFormula == true { bytes.append(UInt8(ascii: "'")) }
            for byte in utf8 {
                switch byte {
                case 0x22: bytes.append(contentsOf: [0x22, 0x22])
                case 0..<0x20: bytes.append(UInt8(ascii: " "))
                default: bytes.append(byte)
                }
            }
            if needsQuotes { bytes.append(UInt8(ascii: "\"")) }
        }
    }

    private static let fullWidthOperators: [[UInt8]] = ["＝", "＋", "－", "＠"].map { Array($0.utf8) }
}
