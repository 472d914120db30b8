import EscrowModel
import EscrowService
import Logging
import ServiceLifecycle

/// What has to happen though nobody asks for it: deadlines are enforced, leaks answered, and keys
/// purged whose retention has ended.
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

    private func round() async {
        do throws(EscrowError) {
            let late = try await self.service.enforceDeadlines()
            if late > 0 { self.logger.notice("\(late) volumes and rotations passed their deadline") }
            let asked = try await self.service.continueCompromises()
            if asked > 0 { self.logger.notice("\(asked) rotations asked for in answer to a leak") }
            let purged = try await self.service.purgeKeys()
            let expired = try await self.service.expireApprovals()
            if expired > 0 { self.logger.notice("\(expired) approvals expired") }
            let moved = try await self.service.sweepGroups()
            if moved > 0 { self.logger.notice("\(moved) devices moved to other groups, as the policy says") }
            if purged > 0 { self.logger.notice("\(purged) keys purged, their retention has ended") }
            if let problem = try await self.service.checkKeyringWhenDue() { self.logger.error("\(problem)") }
            let proven = try await self.service.proveBacklog()
            if proven > 0 { self.logger.notice("\(proven) proofs made that were put off") }
        } catch {
            self.logger.error("deadlines and retention could not be enforced; they will be tried again: \(error)")
        }
    }
}
