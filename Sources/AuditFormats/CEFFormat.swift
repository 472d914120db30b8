import AuditLog
import EscrowModel

/// ArcSight's Common Event Format, version 0: seven fields between bars, then an extension of `key=value` pairs.
///
/// In the fields before the extension a bar and a backslash are escaped, in the extension an equals sign and a backslash; a line break may be
/// in neither, and is written `\n` in the extension ("Implementing ArcSight CEF", revision 25, "Character Encoding").
enum CEFFormat {
    static func append(_ record: LoggedRecord, origin: String, to bytes: inout [UInt8]) {
        let meaning = record.meaning
        bytes.append(contentsOf: "CEF:0|".utf8)
        for field in [Product.name, Product.name, Product.version, record.kind, meaning.title] {
            Self.append(field: field, to: &bytes)
            bytes.append(UInt8(ascii: "|"))
        }
        bytes.append(contentsOf: "\(meaning.severity.cef)|".utf8)
        var values = Extension(bytes: bytes)
        values.add("rt", String(record.time.milliseconds))
        values.add("externalId", String(record.index))
        values.add("deviceExternalId", origin)
        values.add("outcome", record.outcome?.rawValue)
        values.add("suid", record.principal)
        values.add("suser", record.name)
        values.add("spriv", record.role)
        Self.add(address: record.address, to: &values)
        values.add("requestClientApplication", record.agent)
        values.add("act", record.action)
        values.add("duid", record.device)
        values.add("dhost", record.deviceName)
        values.add("reason", record.reason)
        values.add("msg", record.comment)
        values.add("cs1", record.volume, label: "volume")
        values.add("cs2", record.protector, label: "protector")
        values.add("cs3", record.ticket, label: "ticket")
        values.add("cs4", record.rule, label: "rule")
        values.add("cs5", record.detail, label: "detail")
        values.add("cs6", record.scope, label: "scope")
        values.add("flexString1", record.rotation, label: "rotation")
        values.add("flexString2", record.token, label: "token")
        // The dictionary has no key for these; a vendor may use its own.
        values.add("sparekeyRequestId", record.requestID)
        values.add("sparekeyErased", record.isErased ? "true" : nil)
        if !record.more.members.isEmpty {
            values.add("sparekeyMore", String(decoding: record.more.bytes, as: UTF8.self))
        }
        bytes = values.bytes
    }

    /// A network address has a key of its own for each version of IP; anything else is a name.
    private static func add(address: String?, to values: inout Extension) {
        guard let address else { return }
        switch IPVersion(of: address) {
        case .four: values.add("src", address)
        case .six: values.add("c6a2", address, label: "Source IPv6 Address")
        case nil: values.add("shost", address)
        }
    }

    private static func append(field text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "|"), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
    }

    /// The pairs at the end of an event.
    private struct Extension {
        var bytes: [UInt8]
        private var isEmpty = true

        init(bytes: [UInt8]) { self.bytes = bytes }

        /// Adds a pair, unless there is no value.
        mutating func add(_ key: StaticString, _ value: String?, label: StaticString? = nil) {
            guard let value, !value.isEmpty else { return }
            self.begin(key)
            for byte in value.utf8 {
                switch byte {
                case UInt8(ascii: "="), UInt8(ascii: "\\"):
                    self.bytes.append(UInt8(ascii: "\\"))
                    self.bytes.append(byte)
                case 0x0A: self.bytes.append(contentsOf: "\\n".utf8)
                case 0x0D: self.bytes.append(contentsOf: "\\r".utf8)
                case 0..<0x20: self.bytes.append(UInt8(ascii: " "))
                default: self.bytes.append(byte)
                }
            }
            guard let label else { return }
            self.bytes.append(UInt8(ascii: " "))
            key.withUTF8Buffer { self.bytes.append(contentsOf: $0) }
            self.bytes.append(contentsOf: "Label=".utf8)
            label.withUTF8Buffer { self.bytes.append(contentsOf: $0) }
        }

        private mutating func begin(_ key: StaticString) {
            if !self.isEmpty { self.bytes.append(UInt8(ascii: " ")) }
            self.isEmpty = false
            key.withUTF8Buffer { self.bytes.append(contentsOf: $0) }
            self.bytes.append(UInt8(ascii: "="))
        }
    }
}
