import FoundationEssentials
import HTTPTypes
import Hummingbird

/// Answers in JSON.
enum JSONAnswer {
    /// The answer with a document as its body.
    static func response(_ document: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        // In a fixed order, so that people can compare two answers.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Self.response(ByteBuffer(bytes: try encoder.encode(document)), status: status)
    }

    /// The answer with a body that is JSON already.
    static func response(_ json: ByteBuffer, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: json)
        )
    }
}
