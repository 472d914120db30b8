import BitLocker
import FoundationEssentials
import Glibc
import HTTPTypes
import NIOCore

/// The whole body of a request, in memory that is wiped when the request is over.
///
/// A class, so that contexts and child contexts share the one copy. Best effort all the same: the decoder makes strings
/// of its own, and TLS and the kernel have buffers.
final class RequestContent: Sendable {
    /// No body.
    static let empty = RequestContent(SecretBytes(count: 0) { _ in })

    private let bytes: SecretBytes

    init(_ bytes: consuming SecretBytes) {
        self.bytes = bytes
    }

    /// Takes over the chunks in which a body came, and wipes them.
    convenience init(takingOver chunks: [ByteBuffer]) {
        self.init(
            SecretBytes(count: chunks.reduce(0) { $0 + $1.readableBytes }) { storage in
                var at = 0
                for chunk in chunks {
                    chunk.withUnsafeReadableBytes { bytes in
                        guard let start = bytes.baseAddress else { return }
                        UnsafeMutableRawBufferPointer(rebasing: storage[at...]).copyMemory(from: bytes)
                        at += bytes.count
                        // Nobody reads these bytes again: the request's body is their only reader. Writing through the
                        // buffer's own interface would make a copy of what others hold a reference to, and wipe that.
                        explicit_bzero(UnsafeMutableRawPointer(mutating: start), bytes.count)
                    }
                }
            }
        )
    }

    /// How many bytes there are.
    var count: Int { self.bytes.count }

    /// A copy of the bytes, for what must see them as an array; the caller wipes it.
    func copy() -> [UInt8] { self.bytes.withUnsafeBytes { Array($0) } }

    /// Reads the body as JSON. Unknown fields are ignored: a newer agent may say more than this server understands.
    func decode<Body: Decodable>(_ type: Body.Type, of headers: HTTPFields) throws -> Body {
        try Self.checkType(headers)
        do {
            return try self.bytes.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress, bytes.count > 0 else {
                    throw Problem.invalid(field: "body", "is missing")
                }
                let data = Data(
                    bytesNoCopy: UnsafeMutableRawPointer(mutating: start),
                    count: bytes.count,
                    deallocator: .none
                )
                return try JSONDecoder().decode(type, from: data)
            }
        } catch let error as DecodingError {
            throw Problem(error)
        }
    }

    /// Reads the body as JSON, and refuses fields that the route does not know: what somebody mistyped must not be
    /// taken for what they left out.
    func decodeStrictly<Body: CallerRequest>(_ type: Body.Type, of headers: HTTPFields) throws -> Body {
        try self.decode(Strict<Body>.self, of: headers).body
    }

    private static func checkType(_ headers: HTTPFields) throws(Problem) {
        let parts = (headers[.contentType] ?? "").lowercased().split(separator: ";").map { $0.trimmed }
        guard parts.first == "application/json", parts.dropFirst().allSatisfy({ Self.isUTF8($0) }) else {
            throw .unsupportedMediaType("Send JSON, with Content-Type: application/json.", field: "Content-Type")
        }
        if let coding = headers[.contentEncoding], coding.lowercased() != "identity" {
            throw .unsupportedMediaType(
                "Send the body as it is, without a Content-Encoding.",
                field: "Content-Encoding"
            )
        }
    }

    private static func isUTF8(_ parameter: Substring) -> Bool {
        parameter == "charset=utf-8" || parameter == "charset=\"utf-8\"" || !parameter.hasPrefix("charset")
    }
}

extension Substring {
    /// Without the white space that HTTP allows around parts of a field.
    fileprivate var trimmed: Substring {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        guard let last = self.lastIndex(where: { !isSpace($0) }) else { return "" }
        return self[...last].drop(while: isSpace)
    }
}
