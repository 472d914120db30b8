import ArgumentParser
import AuditDelivery
import EscrowModel
import EscrowPolicy
import EscrowServer
import EscrowService
import Logging
import LogWitness
import ServiceLifecycle
import UnixSignals

/// `sparekey serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the server.",
        discussion: """
            The first start makes the data directory, with a new master key in it unless you name another place.

            Each setting can also be given in the environment (SPAREKEY_LISTEN, SPAREKEY_ESCROW_DEPOSIT_PATIENCE, …) or in \
            a JSON file (--config). Flags count before the environment, and that before the file. Times are written 90s, \
            15m, 24h or 30d. docs/operations.md lists everything.

            SIGHUP reads the policy file again. SIGTERM and SIGINT end the server after it has finished what is under way.
            """
    )

    @OptionGroup
    var flags: ServeFlags

    func run() async throws {
        ProcessHardening.apply()
        let file = try (self.flags.config ?? Environment["SPAREKEY_CONFIG"]).map { try ConfigurationFile(path: $0) }
        let configuration = try ServeConfiguration(flags: self.flags.settings, environment: Environment.all, file: file)
        var logger = Logger(label: "sparekey") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = configuration.logLevel
        let policy = try configuration.policyFile.map { (path) throws(Failure) in try PolicyFile.read(path) } ?? .none
        let sinks = try configuration.auditSinks.map { try $0.sink(clock: Installation.clock) }
        let patience = configuration.escrow.signIn.stepPatience
        let provider = try configuration.openID.map { (openID) throws(Failure) in
            try openID.provider(patience: patience, clock: Installation.clock)
        }
        if let problem = ProcessHardening.lockMemory() { logger.notice("\(problem)") }
        let installation = try await Installation(configuration) { Console.error("sparekey: \($0)") }
        try await installation.service.recordStart(version: Version.text)
        for warning in PolicyReview(policy).warnings { logger.warning("policy: \(warning)") }
        if let old = try await installation.service.adopt(policy) {
            logger.notice("policy \(policy.digest) is in force, after \(old)")
        }
        let firstRun = try await installation.service.firstRunLink()
        let application = EscrowApplication(
            service: installation.service,
            settings: configuration.server,
            provider: provider,
            clock: Installation.clock,
            logger: logger
        ) { address in
            Console.error("audit log \(installation.logKey)")
            Console.error("listening on \(address.url)")
            if !configuration.server.areCookiesSecure {
                Console.error("sparekey: people sign in without TLS here: only to try things out on this machine")
            }
            if let firstRun {
                let link = firstRun.hasPrefix("/") ? address.url + firstRun : firstRun
                Console.error("first run: make the first administrator's account within an hour, at \(link)")
            }
        }
        let maintenance = Maintenance(
            service: installation.service,
            interval: configuration.maintenanceInterval,
            logger: logger
        )
        let reload = PolicyReload(service: installation.service, path: configuration.policyFile, logger: logger)
        do {
            let delivery = try await AuditDelivery(service: installation.service, sinks: sinks, logger: logger)
            try await Outbound.withClient(caFile: nil) { client in
                let submission = WitnessSubmission(
                    service: installation.service,
                    witnesses: configuration.witnesses,
                    maximumAge: configuration.escrow.witnessPolicy.maximumAge,
                    client: client,
                    logger: logger
                )
                try await ServiceGroup(
                    services: [delivery, maintenance, reload, submission, application],
                    gracefulShutdownSignals: [.sigterm, .sigint],
                    logger: logger
                ).run()
            }
        } catch {
            await installation.close()
            throw error
        }
        await installation.close()
    }
}
