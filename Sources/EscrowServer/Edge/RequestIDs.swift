import HTTPTypes
import Hummingbird

/// Which request ID a client may choose itself.
enum RequestIDs {
    /// The client's own ID, where it is harmless: it goes into logs, the audit log and header fields.
    static func accepted(from request: Request) -> String? {
        guard let id = request.headers[.requestID], Self.isHarmless(id) else { return nil }
        return id
    }

    /// Whether it is 1 to 64 letters, digits or `- _ .`.
    static func isHarmless(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
