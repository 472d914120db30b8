import AuditFormats
import EscrowModel

/// A syslog message (RFC 5424) in its frame, the count of its bytes before it (RFC 6587, section 3.4.1; RFC 5425, section 4.3).
enum SyslogMessage {
    /// "Log audit" among the facilities.
    private static let facility = 13

    /// Appends a message in its frame.
    ///
    /// The text goes without a byte order mark: what reads CEF or JSON would stumble over it, and a message whose coding is not told may
    /// well be UTF-8 (RFC 5424, section 6.4).
    static func append(_ message: Batch.Message, host: String, to bytes: inout [UInt8]) {
        let priority = Self.facility * 8 + message.severity.syslog
        let header =
            "<\(priority)>1 \(message.time) \(Self.name(host, 255)) \(Product.name.lowercased()) - "
            + "\(Self.name(message.kind, 32)) [meta sequenceId=\"\(Self.sequence(message.index))\"]"
            + "[origin software=\"\(Product.name)\" swVersion=\"\(Product.version)\"] "
        bytes.append(contentsOf: "\(header.utf8.count + message.text.count) \(header)".utf8)
        bytes.append(contentsOf: message.text)
    }

    /// The number of a message for its reader to notice gaps by: from 1 up to 2,147,483,647, then from 1 again (section 7.3.1).
    private static func sequence(_ index: Int64) -> Int64 { index % 2_147_483_647 + 1 }

    /// A name as the header allows it: printable ASCII without spaces, so long at most; a dash for none.
    private static func name(_ text: String, _ length: Int) -> String {
        let allowed = text.unicodeScalars.filter { (0x21...0x7E).contains($0.value) }.prefix(length)
        return allowed.isEmpty ? "-" : String(String.UnicodeScalarView(allowed))
    }
}
