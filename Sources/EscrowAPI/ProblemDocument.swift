/// An error as the API shows it (RFC 9457, `application/problem+json`).
package struct ProblemDocument: Codable, Equatable, Sendable {
    /// `urn:sparekey:problem:` and a word for programs.
    package var type: String
    /// What kind of problem it is.
    package var title: String
    /// The HTTP status.
    package var status: Int
    /// What is wrong, and what to do next.
    package var detail: String?
    /// The field, query parameter or header that cannot be accepted, such as `volumes[0].type`.
    package var field: String?
    /// The request's ID, to be named when asking for help.
    package var requestId: String?

    /// Makes a problem from its parts.
    package init(
        type: String,
        title: String,
        status: Int,
        detail: String? = nil,
        field: String? = nil,
        requestId: String? = nil
    ) {
        self.type = type
        self.title = title
        self.status = status
        self.detail = detail
        self.field = field
        self.requestId = requestId
    }
}
