package import EscrowAPI

/// Why the server did not do what an agent asked for.
package enum AgentError: Error, Sendable {
    /// The server answered that it will not, and why.
    case refused(ProblemDocument)
    /// The server answered with a status and no problem document that could be read.
    case unexpectedStatus(Int)
    /// The server's answer is not what the agent protocol says.
    case unreadableAnswer
    /// There was no answer.
    case unreachable(String)
}

extension AgentError: CustomStringConvertible {
    /// What is wrong; what to do.
    package var description: String {
        switch self {
        case .refused(let problem):
            "the server refused: \(problem.status) \(problem.detail ?? problem.title)"
                + (problem.field.map { " (field \($0))" } ?? "")
                + (problem.requestId.map { " (request \($0))" } ?? "")
        case .unexpectedStatus(let status):
            "the server answered with status \(status) and nothing else; is it a Sparekey server?"
        case .unreadableAnswer: "the server's answer cannot be read; is it a Sparekey server of this version?"
        case .unreachable(let what): "the server cannot be reached (\(what)); check its address and that it runs"
        }
    }
}
