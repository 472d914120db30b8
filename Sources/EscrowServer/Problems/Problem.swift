import EscrowAPI
import FoundationEssentials
package import HTTPTypes
package import Hummingbird

/// An error as it goes to the caller: the status, and a problem document (RFC 9457) in the making.
///
/// Its texts are fixed or made of names that the server chose; nothing that was sent is echoed, as it may be a secret.
package struct Problem: Error, Equatable, Sendable {
    /// The HTTP status.
    package var status: HTTPResponse.Status
    /// One word for programs.
    package var code: String
    /// What kind of problem it is.
    package var title: String
    /// What is wrong here, and what to do next.
    package var detail: String?
    /// The field, query parameter or header that cannot be accepted.
    package var field: String?
    /// Header fields that belong to the status, such as `Allow`.
    package var headers: HTTPFields = [:]

    /// The response, for the request with this ID.
    package func response(requestID: String) -> Response {
        let document = ProblemDocument(
            type: "urn:sparekey:problem:\(self.code)",
            title: self.title,
            status: self.status.code,
            detail: self.detail,
            field: self.field,
            requestId: requestID
        )
        var headers = self.headers
        headers[.contentType] = "application/problem+json"
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Six strings and a number: it cannot fail, and an empty body is better than another error if it does.
        let body = (try? encoder.encode(document)).map { ByteBuffer(bytes: $0) } ?? ByteBuffer()
        return Response(status: self.status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

extension Problem {
    /// Something that was sent cannot be accepted.
    static func invalid(field: String, _ problem: String) -> Problem {
        Problem(
            status: .badRequest,
            code: "invalid",
            title: "The request cannot be accepted.",
            detail: "\(field) \(problem)",
            field: field
        )
    }

    /// The caller has not proven who they are. `scheme` is how they could (RFC 9110, section 11.6.1).
    static func notAuthenticated(scheme: String, detail: String) -> Problem {
        Problem(
            status: .unauthorized,
            code: "not-authenticated",
            title: "The caller is not known.",
            detail: detail,
            headers: [.wwwAuthenticate: "\(scheme) realm=\"sparekey\""]
        )
    }

    /// There is nothing at this path, or the caller may not know that there is.
    static let notFound = Problem(
        status: .notFound,
        code: "not-found",
        title: "There is no such thing.",
        detail: "Check the path and the IDs in it, and whether your token's groups include the device."
    )

    /// There is something at this path, but not for this method.
    static func methodNotAllowed(allowed: [String]) -> Problem {
        Problem(
            status: .methodNotAllowed,
            code: "method-not-allowed",
            title: "The path does not have this method.",
            detail: "Use \(allowed.joined(separator: " or ")).",
            headers: [.allow: allowed.joined(separator: ", ")]
        )
    }

    /// The body is longer than the route takes.
    static func contentTooLarge(limit: Int) -> Problem {
        Problem(
            status: .contentTooLarge,
            code: "content-too-large",
            title: "The body is too long.",
            detail: "Send at most \(limit) bytes.",
            headers: [.connection: "close"]
        )
    }

    /// The body did not come in time.
    static let requestTimeout = Problem(
        status: .requestTimeout,
        code: "request-timeout",
        title: "The body did not come in time.",
        detail: "Send the request again.",
        headers: [.connection: "close"]
    )

    /// The body is not what its header fields must say.
    static func unsupportedMediaType(_ detail: String, field: String) -> Problem {
        Problem(
            status: .unsupportedMediaType,
            code: "unsupported-media-type",
            title: "The body is of another kind than the server reads.",
            detail: detail,
            field: field,
            headers: [.accept: "application/json"]
        )
    }

    /// The caller asks too often.
    static func tooManyRequests(detail: String, retryAfterSeconds: Int) -> Problem {
        Problem(
            status: .tooManyRequests,
            code: "too-many-requests",
            title: "There were too many requests.",
            detail: detail,
            headers: [.retryAfter: String(retryAfterSeconds)]
        )
    }

    /// The server cannot do it now.
    static func unavailable(detail: String, retryAfterSeconds: Int) -> Problem {
        Problem(
            status: .serviceUnavailable,
            code: "unavailable",
            title: "The server cannot do this now.",
            detail: detail,
            headers: [.retryAfter: String(retryAfterSeconds)]
        )
    }

    /// Something is wrong with the server itself. What it is goes to its log, under the request's ID.
    static let internalError = Problem(
        status: .internalServerError,
        code: "internal",
        title: "The server made a mistake.",
        detail: "Name the request ID to whoever runs the server: its log says more."
    )
}
