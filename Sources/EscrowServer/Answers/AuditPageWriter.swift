import EscrowModel
import Hummingbird
import NIOCore

/// Writes a page of the audit log with each record as the very bytes that the log commits to.
enum AuditPageWriter {
    /// The answer with a page; `next` is the cursor of the next one.
    static func response(_ page: Page<AuditListing>) -> Response {
        var json = ByteBuffer()
        json.writeStaticString("{\"items\":[")
        for (number, item) in page.items.enumerated() {
            if number > 0 { json.writeStaticString(",") }
            json.writeString("{\"index\":\(item.index),\"time\":\"\(item.time)\",\"record\":")
            if let record = item.record { json.writeBytes(record) } else { json.writeStaticString("null") }
            json.writeStaticString("}")
        }
        json.writeStaticString("]")
        if let next = page.next { json.writeString(",\"next\":\"\(Cursor(position: next, of: .audit).text)\"") }
        json.writeStaticString("}")
        return JSONAnswer.response(json)
    }
}
