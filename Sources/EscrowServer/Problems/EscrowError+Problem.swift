package import EscrowModel
import HTTPTypes

extension Problem {
    /// Translates what the service answers. Exhaustive on purpose: a new case stops the build here, where its status
    /// must be chosen.
    package init(_ error: EscrowError) {
        switch error {
        case .invalid(let field, let problem):
            self = .invalid(field: field, problem)
        case .notAuthenticated:
            self = .notAuthenticated(scheme: "Bearer", detail: "Send a valid token as Authorization: Bearer.")
        case .denied:
            self = Problem(
                status: .forbidden,
                code: "denied",
                title: "The caller may not do this.",
                detail: "The reason is in the audit log, under the request ID."
            )
        case .signInTooOld:
            self = Problem(
                status: .forbidden,
                code: "signInTooOld",
                title: "The sign-in is too long ago for this.",
                detail: "Sign in again, then ask again with the same key, reason, ticket and comment."
            )
        case .notFound:
            self = .notFound
        case .conflict(let code, let problem):
            self = Problem(
                status: .conflict,
                code: code,
                title: "The state of things does not allow it.",
                detail: problem
            )
        case .purged:
            self = Problem(
                status: .gone,
                code: "purged",
                title: "The secret was here, and its retention has ended.",
                detail: "Only the key's record is left."
            )
        case .limitReached(let seconds):
            self = Problem(
                status: .tooManyRequests,
                code: "disclosureLimit",
                title: "So many keys were disclosed that a limit is reached.",
                detail: "The next disclosure is possible in \(seconds) s.",
                headers: [.retryAfter: String(seconds)]
            )
        case .unavailable(let seconds):
            self = .unavailable(detail: "Try again in \(seconds) s.", retryAfterSeconds: seconds)
        case .sharesRefused:
            self = Problem(
                status: .forbidden,
                code: "shares-refused",
                title: "The shares open nothing.",
                detail:
                    "They are of another setup, or this one was used, revoked or replaced. The audit log says which."
            )
        case .tooManyTries(let seconds):
            self = .tooManyRequests(detail: "Try again in \(seconds) s.", retryAfterSeconds: seconds)
        case .witnessesMissing:
            self = Problem(
                status: .serviceUnavailable,
                code: "witnessesMissing",
                title: "Too few witnesses have cosigned the audit log.",
                detail:
                    "Nothing is disclosed before they have. Tell whoever runs the server; /readyz says which are missing.",
                headers: [.retryAfter: "10"]
            )
        case .ingestOnly:
            self = Problem(
                status: .serviceUnavailable,
                code: "ingest-only",
                title: "This server only takes deposits.",
                detail: "It holds no key that opens a secret. Ask a server that runs with --role full."
            )
        case .sealBroken:
            self = Problem(
                status: .internalServerError,
                code: "seal-broken",
                title: "The stored secret does not open.",
                detail: "Tell whoever runs the server: the audit log says which key, under the request ID."
            )
        }
    }
}
