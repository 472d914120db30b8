import EscrowCrypto
package import EscrowModel
import EscrowStore

extension EscrowService {
    /// What keeps the server from doing its work, one sentence each; empty when it is ready.
    package func readiness() async -> [String] {
        var problems: [String] = []
        if !self.keys.isIngest {
            do throws(KeyHolderError) {
                problems = try await self.keys.holder.failedCanaries().map { "The keyring cannot open secrets: \($0)" }
            } catch {
                problems = [error.description]
            }
            if problems.isEmpty, let problem = self.health.problem { problems = [problem] }
        }
        do throws(EscrowError) {
            _ = try await self.snapshot { (reader) throws(StoreError) in try reader.logHead() }
        } catch {
            problems.append("The store cannot be read.")
        }
        return problems + self.witnesses.problems(at: self.clock()).alarms
    }

    /// What people should know though the server does its work: emergency access that is open, an anchor that is not written,
    /// witnesses that are missed.
    package func notices() async -> [String] {
        let now = self.clock()
        let open = try? await self.store.read { (reader) throws(StoreError) in try reader.openBreakGlass(at: now) }
        var notices = (open ?? []).compactMap { setup in
            setup.endsAt.map { "Break-glass access is open until \($0)." }
        }
        if let problem = try? await self.store.anchorProblem() {
            notices.append("The audit log's anchor cannot be written, so a rewound log may go unnoticed: \(problem)")
        }
        return notices + self.witnesses.problems(at: now).warnings
    }

    /// `full` for a server that does everything, `ingest` for one that only takes deposits.
    package var role: String { self.keys.isIngest ? "ingest" : "full" }

    /// Records that the server was started, and which version of it.
    package func recordStart(version: String) async throws(EscrowError) {
        try await self.operation { (_) throws(StoreError) -> Outcome<Void> in
            .done((), [AuditEvent(.serverStarted, by: .system("server"), detail: version)])
        }
    }
}
