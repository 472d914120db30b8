import EscrowModel
package import EscrowService
package import Logging
import ServiceLifecycle

/// Delivers the audit log to its sinks while the server runs, each at its own pace.
///
/// The log itself is the outbox. A sink is a number, how many entries are behind it, which moves forward after the peer has acknowledged: every
/// entry is delivered at least once, in order, and again from the right place after a crash. Nothing is held but the batch that is under
/// way, and nobody waits for a sink.
package struct AuditDelivery: Service {
    private let service: EscrowService
    private let sinks: [DeliverySink]
    private let logger: Logger

    /// Makes the delivery to some sinks.
    package init(service: EscrowService, sinks: [DeliverySink], logger: Logger) {
        self.service = service
        self.sinks = sinks
        self.logger = logger
    }

    /// Delivers until the server stops. Throws when the sinks cannot be taken up at the start.
    package func run() async throws {
        let positions = try await self.service.configure(
            self.sinks.map { ConfiguredAuditSink(name: $0.name, target: $0.target, fromBeginning: $0.fromBeginning) }
        )
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                for (sink, position) in zip(self.sinks, positions) {
                    let delivery = SinkDelivery(service: self.service, sink: sink, logger: self.logger)
                    group.addTask { await delivery.run(from: position) }
                }
                if self.sinks.isEmpty { group.addTask { try? await Task.sleep(for: .seconds(Int64.max >> 32)) } }
            }
        }
    }
}
