import EscrowModel
import Synchronization

/// What does not work at the moment with the sinks of this process. It is not worth keeping: what does not work shows anew.
final class AuditSinkReports: Sendable {
    private let problems = Mutex<[String: AuditSinkListing.Problem]>([:])

    /// What is wrong with a sink; nil when nothing is.
    subscript(name: String) -> AuditSinkListing.Problem? { self.problems.withLock { $0[name] } }

    /// Takes note of what went wrong, or of nothing. True when that is news: it worked before, or does again.
    func note(_ text: String?, of name: String, at now: Timestamp) -> Bool {
        self.problems.withLock { problems in
            let earlier = problems[name]
            problems[name] = text.map { AuditSinkListing.Problem(text: $0, since: earlier?.since ?? now) }
            return (earlier == nil) != (text == nil)
        }
    }
}
