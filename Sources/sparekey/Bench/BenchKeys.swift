/// What the place of the master key, the seal's algorithms and the opener's process cost a reveal: one server for each, all
/// asked in turns.
struct BenchKeys {
    /// One server's figures; medians of the rounds, ratios to the first server's of the same round.
    struct Server: Encodable {
        /// What is different about it.
        let name: String
        /// From the start of the process to the first answer, in milliseconds.
        let startMilliseconds: Double
        /// Half of the reveals over one connection took no longer, in milliseconds.
        let p50: Double
        /// Reveals in a second over 64 connections.
        let perSecond: Double
        /// Its reveals in a second by those of the first server.
        let ofFirst: Double
        /// Processor time for a reveal, in microseconds: the server's, and its opener's.
        let microseconds: Double
    }

    /// All of it.
    struct Result: Encodable {
        /// What sealing and opening cost by themselves.
        let suites: [BenchSuite]
        /// Each server.
        let servers: [Server]
        /// What could not be measured here, and why.
        let left: [String]
    }

    private static let devices = 400
    private static let connections = 64

    /// An empty directory.
    let directory: String
    /// How many times everything is measured.
    let rounds: Int
    /// How many seconds each measurement takes.
    let seconds: Double

    /// Measures. `progress` is told what is done and of how much.
    func run(progress: (Int, Int) -> Void) throws -> Result {
        let suites = try BenchSuite.all()
        var peers = BenchPeers(directory: self.directory)
        defer { peers.stop() }
        let variants = try peers.variants()
        var lanes: [Lane] = []
        defer { for lane in lanes { lane.server.stop() } }
        for variant in variants {
            lanes.append(try Lane(variant, in: self.directory, devices: Self.devices))
        }
        for round in 0..<self.rounds {
            progress(round, self.rounds)
            for index in lanes.indices {
                try lanes[index].run(connections: Self.connections, seconds: self.seconds)
            }
        }
        return Result(suites: suites, servers: lanes.map { $0.figures(beside: lanes[0]) }, left: peers.left)
    }

    /// A server with its devices, and what was seen of it.
    private struct Lane {
        let server: BenchServer
        private let name: String
        private let reveals: [[UInt8]]
        private var p50 = BenchSamples()
        private var rate = BenchSamples()
        private var cost = BenchSamples()

        init(_ variant: BenchPeers.Variant, in directory: String, devices: Int) throws {
            self.name = variant.name
            let data = directory + "/data-" + variant.name.filter { $0.isASCII && $0.isLetter || $0.isNumber }
            // The first start makes the keys; what is measured is the second.
            let first = try BenchServer(data: data, variant.arguments)
            let bearer = try BenchProcess.output(of: ["token", "create", "--data", data, "--role", "helpdesk"])
            let token = try BenchProcess.output(of: ["enrolment-token", "create", "--data", data])
            first.stop()
            self.server = try BenchServer(data: data, variant.arguments)
            do {
                let fleet = try BenchFleet(
                    count: devices,
                    revealed: devices,
                    port: self.server.port,
                    bearer: bearer,
                    enrolmentToken: token
                )
                self.reveals = try fleet.reveals
                _ = try BenchLoad(port: self.server.port, connections: 64).send(self.reveals, forSeconds: 0.3)
            } catch {
                self.server.stop()
                throw error
            }
        }

        mutating func run(connections: Int, seconds: Double) throws {
            let alone = try BenchLoad(port: self.server.port, connections: 1)
                .send(self.reveals, forSeconds: seconds / 2)
            self.p50.add(alone.latency(0.5))
            let begin = self.server.processorTime
            let together = try BenchLoad(port: self.server.port, connections: connections)
                .send(self.reveals, forSeconds: seconds)
            self.rate.add(together.rate)
            self.cost.add((self.server.processorTime - begin) / Double(max(together.count, 1)) * 1e6)
        }

        func figures(beside first: Lane) -> Server {
            var ratios = BenchSamples()
            for (own, other) in zip(self.rate.values, first.rate.values) where other > 0 { ratios.add(own / other) }
            return Server(
                name: self.name,
                startMilliseconds: self.server.startSeconds * 1000,
                p50: self.p50.median,
                perSecond: self.rate.median,
                ofFirst: ratios.median,
                microseconds: self.cost.median
            )
        }
    }
}

extension BenchKeys.Result {
    /// The figures as two tables.
    var lines: [String] {
        var seals = BenchTable("seal, one core", columns: ["seal µs", "open µs", "open, of X25519"])
        for suite in self.suites {
            seals.add(
                suite.name,
                [
                    BenchFormat.count(suite.seal), BenchFormat.count(suite.open),
                    BenchFormat.decimal(suite.openOfX25519),
                ]
            )
        }
        var table = BenchTable(
            "reveals, by where the keys are",
            columns: ["start ms", "p50 ms at 1", "/s at 64", "of the first", "server CPU µs"]
        )
        for server in self.servers {
            table.add(
                server.name,
                [
                    BenchFormat.count(server.startMilliseconds), BenchFormat.milliseconds(server.p50),
                    BenchFormat.count(server.perSecond), BenchFormat.decimal(server.ofFirst),
                    BenchFormat.count(server.microseconds),
                ]
            )
        }
        return seals.lines + [""] + table.lines + self.left.map { "not measured: \($0)" }
    }
}
