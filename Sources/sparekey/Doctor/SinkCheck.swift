import EscrowAPI
import EscrowModel
import FoundationEssentials

/// Whether the servers that the log is delivered to get it.
enum SinkCheck {
    /// So many entries behind, a sink that does not complain is slow.
    private static let lag = 1000

    /// - Parameter answer: the running server's list of sinks; nil when it did not answer.
    static func findings(_ answer: [UInt8]?) -> [Finding] {
        guard let answer,
            let sinks = try? JSONDecoder().decode(PageDocument<AuditSinkDocument>.self, from: Data(answer)).items
        else { return [.fail("audit sinks", "the server does not say how they are; look at its log")] }
        let configured = sinks.filter { $0.removedAt == nil }
        guard !configured.isEmpty else {
            return [.ok("audit sinks", "none: the log is on this machine only, see docs/siem.md")]
        }
        return configured.map { sink in
            if let problem = sink.problem, let since = sink.problemSince {
                return .warn("audit sinks", "\(sink.name) is \(sink.lag) entries behind since \(since): \(problem)")
            }
            return sink.lag > Self.lag
                ? .warn(
                    "audit sinks",
                    "\(sink.name) is \(sink.lag) entries behind: see `sparekey audit sinks`"
                )
                : .ok("audit sinks", "\(sink.name) has all but \(sink.lag) entries")
        }
    }
}
