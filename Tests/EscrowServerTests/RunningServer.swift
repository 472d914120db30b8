import EscrowModel
import EscrowServer
import Foundation
import ServiceLifecycle

/// The real server on a port of the system's choice, for as long as a test runs.
struct RunningServer: Sendable {
    let escrow: TestEscrow
    let address: EscrowApplication.Address
    private let group: ServiceGroup

    /// Runs the server, then the test, then stops the server gracefully and waits until it has stopped.
    static func run(
        on escrow: TestEscrow,
        _ change: (inout ServerSettings) -> Void = { _ in },
        test: @escaping @Sendable (RunningServer) async throws -> Void
    ) async throws {
        var settings = ServerSettings(host: "127.0.0.1", port: 0)
        change(&settings)
        let (ready, continuation) = AsyncStream.makeStream(of: EscrowApplication.Address.self)
        let application = EscrowApplication(
            service: escrow.service,
            settings: settings,
            clock: { [clock = escrow.clock] in clock.now },
            logger: escrow.log.logger,
            onReady: { continuation.yield($0) }
        )
        let group = ServiceGroup(configuration: .init(services: [application], logger: escrow.log.logger))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask {
                defer { continuation.finish() }
                try await group.run()
            }
            tasks.addTask {
                // Nothing comes when the server cannot start: then its error is the outcome.
                guard let address = await ready.first(where: { _ in true }) else { return }
                let outcome = await Result(catching: {
                    try await test(RunningServer(escrow: escrow, address: address, group: group))
                })
                await group.triggerGracefulShutdown()
                try outcome.get()
            }
            try await tasks.waitForAll()
        }
    }

    /// Begins a graceful shutdown.
    func beginShutdown() async { await self.group.triggerGracefulShutdown() }

    func connect() throws -> RawConnection { try RawConnection(port: self.address.port) }
}

extension Result where Failure == any Error {
    fileprivate init(catching body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
