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
    private let deliveries: [(delivery: SinkDelivery, start: Int64)]

    /// Takes up the sinks of the configuration, in place of those that were there before.
    package init(service: EscrowService, sinks: [DeliverySink], logger: Logger) async throws {
        let positions = try await service.configure(
            sinks.map { ConfiguredAuditSink(name: $0.name, target: $0.target, fromBeginning: $0.fromBeginning) }
        )
        self.deliveries = zip(sinks, positions).map { sink, position in
            (SinkDelivery(service: service, sink: sink, logger: logger), position)
        }
    }

    /// Delivers until the server stops.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for (delivery, start) in self.deliveries { group.addTask { await delivery.run(from: start) } }
                // A service that ends by itself would end the server.
                group.addTask { while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) } }
            }
        }
    }
}
