import EscrowModel
import EscrowServer
import Foundation
import HTTPTypes
import Testing

/// What callers are told of each error. docs/http-status-codes.md has the same table, and is held to it.
struct ProblemTests {
    static let table: [(EscrowError, Int, String)] = [
        (.invalid(field: "name", problem: "is too long"), 400, "invalid"),
        (.notAuthenticated, 401, "not-authenticated"),
        (.denied, 403, "denied"),
        (.notFound, 404, "not-found"),
        (.conflict(code: "volumeNeeded", problem: "Name one."), 409, "volumeNeeded"),
        (.purged, 410, "purged"),
        (.unavailable(retryAfterSeconds: 7), 503, "unavailable"),
        (.sealBroken, 500, "seal-broken"),
    ]

    @Test("each error of the service has its status and its word", arguments: Self.table)
    func status(error: EscrowError, status: Int, code: String) {
        let problem = Problem(error)
        #expect(problem.status.code == status)
        #expect(problem.code == code)
        #expect(problem.detail?.isEmpty == false)
    }

    @Test("statuses come with the header fields that HTTP asks for")
    func headers() {
        #expect(Problem(.unavailable(retryAfterSeconds: 7)).headers[.retryAfter] == "7")
        #expect(Problem(.notAuthenticated).headers[.wwwAuthenticate] == #"Bearer realm="sparekey""#)
        #expect(Problem(.invalid(field: "name", problem: "x")).field == "name")
    }

    @Test("the status table in the documentation has every word with its status")
    func documented() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../docs/http-status-codes.md"
        )
        let table = try String(contentsOf: path, encoding: .utf8)
        let words: [(Int, String)] =
            Self.table.filter { $0.1 != 409 }.map { ($0.1, $0.2) } + [
                (403, "bearer-only"), (403, "not-the-console"), (405, "method-not-allowed"), (408, "request-timeout"),
                (409, "volumeNeeded"), (413, "content-too-large"), (415, "unsupported-media-type"),
                (429, "too-many-requests"), (500, "internal"),
            ]
        for (status, word) in words {
            #expect(table.contains("| \(status) | `\(word)` |"), "\(status) \(word)")
        }
    }
}
