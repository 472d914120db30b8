package import EscrowModel
import EscrowPolicy
import EscrowStore

/// A sink as the configuration has it.
package struct ConfiguredAuditSink: Equatable, Sendable {
    /// Its name.
    package let name: String
    /// Where the log goes, in a few words.
    package let target: String
    /// Whether a new one gets the log from its beginning, rather than what comes from now on.
    package let fromBeginning: Bool

    /// Makes one from its parts.
    package init(name: String, target: String, fromBeginning: Bool) {
        self.name = name
        self.target = target
        self.fromBeginning = fromBeginning
    }
}

/// Entries that a sink has yet to get.
package struct AuditSinkBatch: Sendable {
    /// The log's identity.
    package let origin: String
    /// Some of them, in order, without a gap; empty when there are none yet.
    package let entries: [AuditListing]
}

extension EscrowService {
    /// Takes up the sinks that the configuration has, and gives how far each has got, in their order.
    ///
    /// That a sink is new, is another one now, or is gone is recorded: who takes a sink away turns an alarm off. A name that comes back
    /// goes on where it ended.
    package func configure(_ sinks: [ConfiguredAuditSink]) async throws(EscrowError) -> [Int64] {
        let now = self.clock()
        let caller = Caller.system("delivery")
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<[Int64]> in
            let size = try transaction.logHead()?.size ?? 0
            var events: [AuditEvent] = []
            var positions: [Int64] = []
            for wanted in sinks {
                guard var sink = try transaction.auditSink(wanted.name) else {
                    let sink = AuditSink(
                        name: wanted.name,
                        target: wanted.target,
                        deliveredSize: wanted.fromBeginning ? 0 : size,
                        createdAt: now
                    )
                    try transaction.insert(sink)
                    events.append(AuditEvent(.auditSinkAdded, by: caller, detail: Self.detail(sink)))
                    positions.append(sink.deliveredSize)
                    continue
                }
                // A log that was begun anew is shorter than what the sink once got of the old one.
                positions.append(min(sink.deliveredSize, size))
                guard sink.target != wanted.target || sink.removedAt != nil else { continue }
                let kind: AuditEvent.Kind = sink.removedAt == nil ? .auditSinkChanged : .auditSinkAdded
                sink.target = wanted.target
                sink.removedAt = nil
                try transaction.update(sink)
                events.append(AuditEvent(kind, by: caller, detail: Self.detail(sink)))
            }
            let names = Set(sinks.map(\.name))
            for var sink in try transaction.auditSinks() where sink.removedAt == nil && !names.contains(sink.name) {
                sink.removedAt = now
                try transaction.update(sink)
                events.append(AuditEvent(.auditSinkRemoved, by: caller, detail: Self.detail(sink)))
            }
            return .done(positions, events)
        }
    }

    /// The next entries that a sink has yet to get; it has got so many.
    package func auditSinkBatch(
        after position: Int64,
        limit: Int
    ) async throws(EscrowError) -> AuditSinkBatch {
        try await self.snapshot { (reader) throws(StoreError) in
            guard let head = try reader.logHead() else { return AuditSinkBatch(origin: "", entries: []) }
            let range = min(position, head.size)..<head.size
            let entries = range.isEmpty ? [] : try reader.auditEntries(AuditFilter(), in: range, limit: limit)
            return AuditSinkBatch(origin: head.origin, entries: entries)
        }
    }

    /// Keeps how far a sink has got. That is no event: the log would never come to its end.
    package func keep(deliveredSize: Int64, of sink: String) async throws(EscrowError) {
        let now = self.clock()
        try await self.operation { (transaction) throws(StoreError) -> Outcome<Void> in
            try transaction.moveAuditSink(sink, to: deliveredSize, at: now)
            return .done((), [])
        }
    }

    /// Takes note of what keeps a sink from getting more, or that nothing does any more. True when that is news.
    package func note(problem: String?, of sink: String) -> Bool {
        self.sinkReports.note(problem, of: sink, at: self.clock())
    }

    /// Every sink that is configured or was, for somebody with the whole fleet in scope.
    package func auditSinks(by caller: Caller) async throws(EscrowError) -> [AuditSinkListing] {
        try await self.require(.readAudit, by: caller, on: .installation)
        return try await self.snapshot { (reader) throws(StoreError) in
            let size = try reader.logHead()?.size ?? 0
            return try reader.auditSinks().map { sink in
                AuditSinkListing(sink: sink, logSize: size, problem: self.sinkReports[sink.name])
            }
        }
    }

    private static func detail(_ sink: AuditSink) -> String { "\(sink.name): \(sink.target)" }
}
