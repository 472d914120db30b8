import AuditLog
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `/audit/verify`: has the whole log verified, and says what exactly was; and `/audit/export`.
struct VerifyPage: Sendable {
    /// The most problems that are named on the page.
    private static let shownProblems = 20

    let portal: Portal
    let check = LogCheck()

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("audit/verify", use: self.portal.page(self.show))
        pages.post("audit/verify", use: self.portal.form(self.begin))
    }

    @Sendable
    private func begin(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        try await self.check.begin(visit.service, by: visit.caller, clock: self.portal.clock)
        return Portal.redirect(to: "/audit/verify")
    }

    @Sendable
    private func show(_ visit: Visit) async throws -> Response {
        // Whoever may not read the log is not told what is known of it either.
        _ = try await visit.service.audit(
            AuditFilter(scope: visit.caller.scope),
            PageRequest(limit: 1),
            by: visit.caller
        )
        var values: [String: Any] = [
            "key": visit.service.logKey.description, "mayVerify": visit.caller.scope == .everything,
        ]
        var refresh = false
        switch self.check.state {
        case .never: values["never"] = true
        case .running(let since, let by, let read, let size):
            refresh = true
            values["running"] = [
                "since": visit.time(since), "by": by, "read": visit.number(Int(read)), "of": visit.number(Int(size)),
                "value": "\(read)", "max": "\(max(size, 1))",
            ]
        case .broken(let at): values["broken"] = ["at": visit.time(at)]
        case .ended(let ended): values["ended"] = self.values(of: ended, visit)
        }
        var response = visit.page(.verify, title: "verifyTitle", values)
        // Without a script too, a page that waits looks again by itself.
        if refresh { response.headers[.init("Refresh") ?? .retryAfter] = "2" }
        return response
    }

    private func values(of ended: LogCheck.Ended, _ visit: Visit) -> [String: Any] {
        let found = ended.verification
        var values: [String: Any] = [
            "isIntact": found.isIntact, "by": ended.by, "at": visit.exactTime(ended.ended),
            "took": visit.formats.duration(TimeSpan(milliseconds: ended.ended.milliseconds - ended.began.milliseconds)),
            "records": visit.number(Int(found.recordCount)), "erased": visit.number(Int(found.redactedCount)),
            "checkpoints": visit.number(Int(found.checkpointCount)), "origin": found.origin,
            "problems": found.problems.prefix(Self.shownProblems).map { "\($0)" },
            "more": visit.number(max(0, found.problems.count - Self.shownProblems)),
            "hasMore": found.problems.count > Self.shownProblems,
            "warnings": found.warnings.map { "\($0)" },
        ]
        values["root"] = found.head.map { Checkpoint.rootText($0) }
        values["kept"] = ended.kept.map { visit.number(Int($0.size)) }
        return values
    }
}

extension Checkpoint {
    /// The root as the checkpoint's text has it.
    fileprivate static func rootText(_ checkpoint: Checkpoint) -> String {
        checkpoint.text.split(separator: "\n").dropFirst(2).first.map(String.init) ?? ""
    }
}
