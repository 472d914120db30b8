/// What the server does in a second, beside what the same disk, the same SQLite and the same server can do at most.
struct BenchHTTP {
    /// Where the figures are from.
    struct Settings {
        /// An empty directory on the disk to measure.
        let directory: String
        /// How many times everything is measured, in turns.
        let rounds: Int
        /// At how many connections.
        let connections: [Int]
        /// How many seconds each measurement takes.
        let seconds: Double
    }

    /// What a server does at one number of connections; medians of the rounds.
    struct Figures: Encodable {
        /// Requests of one kind.
        struct Kind: Encodable {
            /// Answers in a second.
            var perSecond = 0.0
            /// Half of the answers took no longer, in milliseconds.
            var p50 = 0.0
            /// 99 of 100 answers took no longer, in milliseconds.
            var p99 = 0.0
            /// The server's processor time for one request, in microseconds.
            var serverMicroseconds = 0.0
            /// The load generator's processor time for one request, in microseconds.
            var clientMicroseconds = 0.0
        }

        /// At so many connections.
        let connections: Int
        /// `fdatasync` of 4 KiB, in a second.
        var syncsPerSecond = 0.0
        /// Rows of 1 KiB that bare SQLite makes durable in a second, a transaction for as many as there are connections.
        var bareRowsPerSecond = 0.0
        /// `GET /healthz`.
        var empty = Kind()
        /// Audited reveals.
        var reveal = Kind()
        /// Signed deposits.
        var deposit = Kind()
        /// Reveals by empty answers.
        var revealByEmpty = 0.0
        /// Reveals by bare rows.
        var revealByBareRows = 0.0
        /// Reveals by syncs.
        var revealBySyncs = 0.0
        /// A reveal's processor time in the server by that of an empty answer.
        var revealCostByEmpty = 0.0
        /// Deposits by reveals.
        var depositByReveal = 0.0
        /// Deposits by bare rows.
        var depositByBareRows = 0.0
        /// A deposit's processor time in the server by that of an empty answer.
        var depositCostByEmpty = 0.0
    }

    /// All of it.
    struct Result: Encodable {
        /// From the start of the process to the first answer, in milliseconds.
        let startMilliseconds: Double
        /// The server's memory after its start, in bytes.
        let restingBytes: Int
        /// The most of the server's memory that was seen between two measurements, in bytes.
        let loadedBytes: Int
        /// How many devices were enrolled.
        let devices: Int
        /// What cryptography alone costs.
        let crypto: BenchCrypto
        /// At each number of connections.
        let figures: [Figures]
    }

    /// How many devices are enrolled.
    private static let devices = 10_000

    let settings: Settings

    /// Measures. `progress` is told what is done and of how much.
    func run(progress: (Int, Int) -> Void) throws -> Result {
        let data = self.settings.directory + "/data"
        let bearer = try BenchProcess.output(
            of: ["token", "create", "--data", data, "--role", "helpdesk", "--name", "bench"]
        )
        let enrolmentToken = try BenchProcess.output(
            of: ["enrolment-token", "create", "--data", data, "--name", "bench", "--group", "bench"]
        )
        let commits = try BenchCommits(directory: self.settings.directory)
        var starts = BenchSamples()
        for _ in 0..<4 {
            let server = try BenchServer(data: data)
            starts.add(server.startSeconds * 1000)
            server.stop()
        }
        let server = try BenchServer(data: data)
        defer { server.stop() }
        starts.add(server.startSeconds * 1000)
        let resting = server.residentBytes
        var fleet = try BenchFleet(
            count: Self.devices,
            port: server.port,
            bearer: bearer,
            enrolmentToken: enrolmentToken
        )
        let reveals = try fleet.reveals
        var most = resting
        var figures: [Figures] = []
        for (place, connections) in self.settings.connections.enumerated() {
            var turns = BenchTurns(settings: self.settings, server: server, commits: commits, connections: connections)
            try turns.warmUp(reveals, &fleet)
            for round in 0..<self.settings.rounds {
                progress(place * self.settings.rounds + round, self.settings.connections.count * self.settings.rounds)
                try turns.run(reveals, &fleet)
                most = max(most, server.residentBytes)
            }
            figures.append(turns.figures)
        }
        return Result(
            startMilliseconds: starts.median,
            restingBytes: resting,
            loadedBytes: most,
            devices: Self.devices,
            crypto: try BenchCrypto(),
            figures: figures
        )
    }
}
