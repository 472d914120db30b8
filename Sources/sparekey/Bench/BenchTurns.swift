/// The rounds at one number of connections: in each round everything is measured once, so that what else the machine does
/// falls on all alike.
struct BenchTurns {
    /// One round's measurements of one kind of request.
    private struct Turns {
        var rate = BenchSamples()
        var p50 = BenchSamples()
        var p99 = BenchSamples()
        var server = BenchSamples()
        var client = BenchSamples()

        var kind: BenchHTTP.Figures.Kind {
            BenchHTTP.Figures.Kind(
                perSecond: self.rate.median,
                p50: self.p50.median,
                p99: self.p99.median,
                serverMicroseconds: self.server.median,
                clientMicroseconds: self.client.median
            )
        }
    }

    private let settings: BenchHTTP.Settings
    private let server: BenchServer
    private let commits: BenchCommits
    private let connections: Int
    private let load: BenchLoad
    private var depositsAtOnce = 200
    private var syncs = BenchSamples()
    private var rows = BenchSamples()
    private var empty = Turns()
    private var reveal = Turns()
    private var deposit = Turns()

    /// Chooses what is measured.
    init(settings: BenchHTTP.Settings, server: BenchServer, commits: BenchCommits, connections: Int) {
        self.settings = settings
        self.server = server
        self.commits = commits
        self.connections = connections
        self.load = BenchLoad(port: server.port, connections: connections)
    }

    /// Sends a little of everything, and learns how many deposits make a round.
    mutating func warmUp(_ reveals: [[UInt8]], _ fleet: inout BenchFleet) throws {
        _ = try self.load.send([BenchRequest.get("/healthz")], forSeconds: 0.2)
        _ = try self.load.send(reveals, forSeconds: 0.2)
        let outcome = try self.load.sendAll(try fleet.deposits(max(200, self.connections * 4)))
        self.depositsAtOnce = max(Int(outcome.rate * self.settings.seconds), self.connections)
    }

    /// One round.
    mutating func run(_ reveals: [[UInt8]], _ fleet: inout BenchFleet) throws {
        let seconds = self.settings.seconds
        let disk = BenchDisk(directory: self.settings.directory)
        self.syncs.add(try disk.syncsPerSecond(forSeconds: seconds / 4))
        self.rows.add(
            try self.commits.rowsPerSecond(inTransactionsOf: self.connections, forSeconds: seconds / 2)
        )
        try self.measure(\.empty) { try $0.send([BenchRequest.get("/healthz")], forSeconds: seconds) }
        try self.measure(\.reveal) { try $0.send(reveals, forSeconds: seconds) }
        let deposits = try fleet.deposits(self.depositsAtOnce)
        try self.measure(\.deposit) { try $0.sendAll(deposits) }
    }

    private mutating func measure(
        _ turns: WritableKeyPath<Self, Turns>,
        _ work: (BenchLoad) throws -> BenchLoad.Outcome
    ) throws {
        let begin = self.server.processorTime
        let outcome = try work(self.load)
        let used = self.server.processorTime - begin
        let count = Double(max(outcome.count, 1))
        self[keyPath: turns].rate.add(outcome.rate)
        self[keyPath: turns].p50.add(outcome.latency(0.5))
        self[keyPath: turns].p99.add(outcome.latency(0.99))
        self[keyPath: turns].server.add(used / count * 1e6)
        self[keyPath: turns].client.add(outcome.ownProcessorTime / count * 1e6)
    }

    /// The medians; those of ratios are of the ratios of each round.
    var figures: BenchHTTP.Figures {
        BenchHTTP.Figures(
            connections: self.connections,
            syncsPerSecond: self.syncs.median,
            bareRowsPerSecond: self.rows.median,
            empty: self.empty.kind,
            reveal: self.reveal.kind,
            deposit: self.deposit.kind,
            revealByEmpty: Self.ratio(self.reveal.rate, self.empty.rate),
            revealByBareRows: Self.ratio(self.reveal.rate, self.rows),
            revealBySyncs: Self.ratio(self.reveal.rate, self.syncs),
            revealCostByEmpty: Self.ratio(self.reveal.server, self.empty.server),
            depositByReveal: Self.ratio(self.deposit.rate, self.reveal.rate),
            depositByBareRows: Self.ratio(self.deposit.rate, self.rows),
            depositCostByEmpty: Self.ratio(self.deposit.server, self.empty.server)
        )
    }

    private static func ratio(_ left: BenchSamples, _ right: BenchSamples) -> Double {
        var ratios = BenchSamples()
        for (left, right) in zip(left.values, right.values) where right > 0 { ratios.add(left / right) }
        return ratios.median
    }
}
