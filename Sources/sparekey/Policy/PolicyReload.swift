import EscrowModel
import EscrowPolicy
import EscrowService
import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the policy file again at SIGHUP. One that cannot be used changes nothing, and nobody can miss that.
struct PolicyReload: Service {
    /// The operations.
    let service: EscrowService
    /// The file; nil when the server runs without one.
    let path: String?
    /// Told what came of it.
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() { await self.reload() }
    }

    private func reload() async {
        guard let path = self.path else {
            self.logger.warning("SIGHUP: there is no policy file to read again; start the server with --policy FILE")
            return
        }
        do {
            let policy = try PolicyFile.read(path)
            for warning in PolicyReview(policy).warnings { self.logger.warning("\(path): \(warning)") }
            if let old = try await self.service.adopt(policy) {
                self.logger.notice("policy \(policy.digest) is in force, after \(old)")
            } else {
                self.logger.notice("policy \(policy.digest) stays in force: the file is the same")
            }
        } catch {
            let digest = self.service.policyInForce.digest
            let reason = (error as? Failure)?.message ?? "\(error)"
            self.logger.critical("the policy file cannot be used, and policy \(digest) stays in force: \(reason)")
            do {
                try await self.service.recordRefusedPolicy()
            } catch {
                self.logger.error("that the policy file was refused could not be recorded: \(error)")
            }
        }
    }
}
