import AuditFormats
import EscrowModel
import EscrowService
import Logging

/// The delivery to one sink.
struct SinkDelivery: Sendable {
    /// How long to wait for new entries: what an alarm may be late by.
    private static let interval = Duration.milliseconds(500)
    /// How far a sink has got is kept so often at most: after a crash, what came since is delivered twice.
    private static let keptEvery = Duration.seconds(1)
    /// The longest wait that a webhook's server can ask for.
    private static let longestRetryAfter = 3600

    let service: EscrowService
    let sink: DeliverySink
    let logger: Logger

    /// Delivers what comes after so many entries, until its task is cancelled.
    func run(from start: Int64) async {
        var progress = Progress(kept: start)
        var failures = 0
        while !Task.isCancelled {
            do {
                let isMore = try await self.deliverNext(&progress)
                if failures > 0 { self.note(nil) }
                failures = 0
                await self.keepIfDue(&progress)
                if !isMore { try? await Task.sleep(for: Self.interval) }
            } catch {
                guard !Task.isCancelled else { break }
                failures += 1
                self.note("\(error)")
                await self.keep(&progress)
                try? await Task.sleep(for: self.wait(after: error, failures: failures))
            }
        }
        await self.keep(&progress)
        await self.sink.destination.close()
    }

    /// How far the sink has got, and how far it is kept to have got.
    private struct Progress {
        var reached: Int64
        var kept: Int64
        var keptAt = ContinuousClock.now

        init(kept: Int64) {
            self.reached = kept
            self.kept = kept
        }
    }

    /// Delivers the next batch. False when there is nothing more at the moment.
    private func deliverNext(_ progress: inout Progress) async throws -> Bool {
        let limit = self.sink.destination.batchLimit
        let next = try await self.service.auditSinkBatch(after: progress.reached, limit: limit)
        guard let last = next.entries.last else { return false }
        let wanted = next.entries.filter(self.sink.selection.includes)
        if let batch = Batch(wanted, origin: next.origin, as: self.sink.format) {
            try await self.sink.destination.deliver(batch)
        }
        progress.reached = last.index + 1
        return next.entries.count == limit
    }

    private func keepIfDue(_ progress: inout Progress) async {
        if progress.keptAt + Self.keptEvery <= .now { await self.keep(&progress) }
    }

    /// Keeps how far the sink has got. When that fails, it is tried again with what comes next; at worst that is delivered twice.
    private func keep(_ progress: inout Progress) async {
        guard progress.reached > progress.kept else { return }
        do {
            try await self.service.keep(deliveredSize: progress.reached, of: self.sink.name)
            progress.kept = progress.reached
            progress.keptAt = .now
        } catch {
            self.logger.warning("audit sink \(self.sink.name): how far it has got could not be kept: \(error)")
        }
    }

    private func note(_ problem: String?) {
        guard self.service.note(problem: problem, of: self.sink.name) else { return }
        if let problem {
            self.logger.error(
                "audit sink \(self.sink.name) gets nothing, it is tried again and nothing is lost: \(problem)"
            )
        } else {
            self.logger.notice("audit sink \(self.sink.name) gets the log again")
        }
    }

    private func wait(after error: any Error, failures: Int) -> Duration {
        if case DeliveryError.tooLarge = error { return .zero }
        var generator = SystemRandomNumberGenerator()
        let delay = Backoff.standard.delay(failures: failures, using: &generator)
        guard case DeliveryError.refused(_, let seconds?) = error else { return delay }
        return max(delay, .seconds(min(max(seconds, 0), Self.longestRetryAfter)))
    }
}
