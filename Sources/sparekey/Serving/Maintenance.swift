import EscrowModel
import EscrowService
import Logging
import ServiceLifecycle

/// What has to happen though nobody asks for it: deadlines are enforced, leaks answered, keys purged whose retention has
/// ended, late proofs made, the keyring checked.
struct Maintenance: Service {
    /// The operations.
    let service: EscrowService
    /// How long to wait from one round to the next.
    let interval: TimeSpan
    /// Told what goes wrong.
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.round()
                try? await Task.sleep(for: .milliseconds(self.interval.milliseconds))
            }
        }
    }

    /// What cannot be done this time is tried again the next, and keeps nothing else from being done.
    private func round() async {
        await self.attempt("volumes and rotations passed their deadline") { () throws(EscrowError) in
            try await self.service.enforceDeadlines()
        }
        await self.attempt("rotations asked for in answer to a leak") { () throws(EscrowError) in
            try await self.service.continueCompromises()
        }
        await self.attempt("keys purged, their retention has ended") { () throws(EscrowError) in
            try await self.service.purgeKeys()
        }
        await self.attempt("approvals expired") { () throws(EscrowError) in
            try await self.service.expireApprovals()
        }
        await self.attempt("devices moved to other groups, as the policy says") { () throws(EscrowError) in
            try await self.service.sweepGroups()
        }
        await self.attempt("sessions removed that were over") { () throws(EscrowError) in
            try await self.service.sweepSessions()
        }
        await self.attempt("statuses put down for the day") { () throws(EscrowError) in
            try await self.service.noteStatusHistory()
        }
        await self.attempt("proofs made that were put off") { () throws(EscrowError) in
            try await self.service.proveBacklog()
        }
        await self.attempt("checks of the keyring failed") { () throws(EscrowError) in
            guard let problem = try await self.service.checkKeyringWhenDue() else { return 0 }
            self.logger.error("\(problem)")
            return 1
        }
    }

    /// Does one part of a round, and says how many of what came of it.
    private func attempt(_ what: String, _ part: () async throws(EscrowError) -> Int) async {
        do throws(EscrowError) {
            let count = try await part()
            if count > 0 { self.logger.notice("\(count) \(what)") }
        } catch {
            self.logger.error("not done, and tried again in the next round: \(what): \(error)")
        }
    }
}
