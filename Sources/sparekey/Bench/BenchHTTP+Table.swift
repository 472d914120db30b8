extension BenchHTTP.Result {
    /// The figures as a table, a column for each number of connections.
    var lines: [String] {
        var table = BenchTable("http, connections", columns: self.figures.map { String($0.connections) })
        func count(_ name: String, _ figure: (BenchHTTP.Figures) -> Double) {
            table.add(name, self.figures.map { BenchFormat.count(figure($0)) })
        }
        func ratio(_ name: String, _ figure: (BenchHTTP.Figures) -> Double) {
            table.add("  " + name, self.figures.map { BenchFormat.decimal(figure($0)) })
        }
        func time(_ name: String, _ figure: (BenchHTTP.Figures) -> Double) {
            table.add("  " + name, self.figures.map { BenchFormat.milliseconds(figure($0)) })
        }
        count("fdatasync of 4 KiB /s") { $0.syncsPerSecond }
        count("bare SQLite, durable rows /s") { $0.bareRowsPerSecond }
        count("empty answer (GET /healthz) /s") { $0.empty.perSecond }
        time("p50 ms") { $0.empty.p50 }
        time("p99 ms") { $0.empty.p99 }
        count("reveal, audited and durable /s") { $0.reveal.perSecond }
        ratio("of empty answers") { $0.revealByEmpty }
        ratio("of bare rows") { $0.revealByBareRows }
        ratio("of fdatasync") { $0.revealBySyncs }
        ratio("server CPU, of an empty answer's") { $0.revealCostByEmpty }
        time("p50 ms") { $0.reveal.p50 }
        time("p99 ms") { $0.reveal.p99 }
        ratio("p99 of p50") { $0.reveal.p99 / max($0.reveal.p50, 1e-9) }
        count("deposit, signed and durable /s") { $0.deposit.perSecond }
        ratio("of reveals") { $0.depositByReveal }
        ratio("of bare rows") { $0.depositByBareRows }
        ratio("server CPU, of an empty answer's") { $0.depositCostByEmpty }
        time("p50 ms") { $0.deposit.p50 }
        time("p99 ms") { $0.deposit.p99 }
        func cost(_ name: String, _ kind: KeyPath<BenchHTTP.Figures, BenchHTTP.Figures.Kind>) {
            table.add(name, self.figures.map { BenchFormat.count($0[keyPath: kind].serverMicroseconds) })
        }
        cost("server CPU µs: empty answer", \.empty)
        cost("  reveal", \.reveal)
        cost("  deposit", \.deposit)
        table.add(
            "load generator CPU µs, a request",
            self.figures.map { BenchFormat.count($0.empty.clientMicroseconds) }
        )
        return table.lines + [""] + self.crypto.lines + [
            "",
            "start to first answer \(BenchFormat.count(self.startMilliseconds)) ms; memory at rest "
                + "\(BenchFormat.mebibytes(self.restingBytes)), under load \(BenchFormat.mebibytes(self.loadedBytes)) "
                + "(\(BenchFormat.count(Double(self.devices))) devices)",
        ]
    }
}
