import BitLocker
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird
import NIOCore

/// Writes a page with a secret on it straight from the wiped secret: no string and no template ever holds it.
enum RevealedPageWriter {
    /// Where the secret goes: what no text of a page can be, for templates escape what is put into them.
    static let place = "<!--secret-->"

    /// A page that was made without the secret, with it in its place: eight groups of six digits, in reading order.
    static func page(_ page: (head: Response, html: String), _ disclosed: borrowing DisclosedSecret) -> Response {
        var body = ByteBuffer()
        body.reserveCapacity(page.html.utf8.count + 256)
        let parts = page.html.split(separator: Self.place, maxSplits: 1, omittingEmptySubsequences: false)
        body.writeSubstring(parts[0])
        if parts.count == 2 {
            disclosed.secret.withBytes { digits in
                body.writeStaticString("<li>")
                for index in digits.indices {
                    if digits[index] == UInt8(ascii: "-") {
                        body.writeStaticString("</li><li>")
                    } else {
                        body.writeInteger(digits[index])
                    }
                }
                body.writeStaticString("</li>")
            }
            body.writeSubstring(parts[1])
        }
        var response = page.head
        response.body = ResponseBody(byteBuffer: body)
        response.headers[.contentLength] = String(body.readableBytes)
        return response
    }

    /// A `.BEK` file to be put on a USB drive, under the name that Windows looks for.
    static func file(_ disclosed: borrowing DisclosedSecret) -> Response {
        var body = ByteBuffer()
        disclosed.secret.withBytes { bytes in for index in bytes.indices { body.writeInteger(bytes[index]) } }
        let name = "\(disclosed.key.protectorID.description.uppercased()).BEK"
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/octet-stream", .contentDisposition: "attachment; filename=\"\(name)\"",
                .cacheControl: "no-store",
            ],
            body: ResponseBody(byteBuffer: body)
        )
    }
}
