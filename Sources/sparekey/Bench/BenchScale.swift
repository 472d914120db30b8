import BitLocker
import Crypto
import EscrowCrypto
import EscrowModel
import EscrowServer
import EscrowStore
import FoundationEssentials

/// How long looking things up takes when there are few keys and when there are many.
struct BenchScale {
    /// What is looked up.
    enum Question: String, CaseIterable, Encodable {
        case list
        case failed
        case device
        case keyID

        /// What people call it.
        var title: String {
            switch self {
            case .list: "list of keys, a page of 50"
            case .failed: "the same, status failed only"
            case .device: "one device with its keys"
            case .keyID: "by the 8 digits of a Key ID"
            }
        }
    }

    /// How long the answers to one question took, in milliseconds.
    struct Latency: Encodable {
        /// What was asked.
        let question: Question
        /// Half of the answers took no longer.
        let p50: Double
        /// 99 of 100 answers took no longer.
        let p99: Double
    }

    /// A store of one size.
    struct Figures: Encodable {
        /// How many keys there are, each of another device.
        let keys: Int
        /// How much the database has on the disk for each.
        let bytesPerKey: Double
        /// How long it took to fill.
        let fillSeconds: Double
        /// The answers.
        let latencies: [Latency]
    }

    /// All of it.
    struct Result: Encodable {
        /// By size.
        let figures: [Figures]
    }

    let directory: String
    let sizes: [Int]

    /// How many times each question is asked.
    private static let times = 1000

    /// Measures. `progress` is told how many keys are filled in and of how many.
    func run(progress: (Int, Int) -> Void) async throws -> Result {
        var figures: [Figures] = []
        for size in self.sizes {
            let begin = BenchClock.now
            let stock = try await BenchStock(directory: self.directory, keys: size, progress: progress)
            let fillSeconds = BenchClock.now - begin
            let bytes = try await stock.bytesOnDisk()
            var latencies: [Latency] = []
            for question in Question.allCases { latencies.append(try await Self.ask(question, of: stock)) }
            await stock.close()
            figures.append(
                Figures(
                    keys: size,
                    bytesPerKey: Double(bytes) / Double(size),
                    fillSeconds: fillSeconds,
                    latencies: latencies
                )
            )
        }
        return Result(figures: figures)
    }

    private static func ask(_ question: Question, of stock: BenchStock) async throws -> Latency {
        let path = "/api/devices/security/bitlocker/keys"
        var samples = BenchSamples()
        var generator = SystemRandomNumberGenerator()
        var cursor: String?
        // The first tenth fills the caches and does not count.
        for number in 0..<Self.times * 11 / 10 {
            let key = BenchStock.Key(number: Int.random(in: 0..<stock.keys, using: &generator))
            let target =
                switch question {
                case .list: path + "?limit=50" + (cursor.map { "&cursor=\($0)" } ?? "")
                case .failed: path + "?limit=50&status=failed" + (cursor.map { "&cursor=\($0)" } ?? "")
                case .device: path + "/\(key.device)"
                case .keyID: path + "?keyId=\(key.protector.description.prefix(8))"
                }
            let begin = BenchClock.now
            let body = try await stock.answer(to: target)
            let seconds = BenchClock.now - begin
            if number >= Self.times / 10 { samples.add(seconds * 1000) }
            cursor = question == .list || question == .failed ? try Self.next(body) : nil
        }
        return Latency(question: question, p50: samples.median, p99: samples.quantile(0.99))
    }

    /// Where the next page begins; nil, so that the first page comes again, after the last one.
    private static func next(_ body: [UInt8]) throws -> String? {
        struct Page: Decodable { let next: String? }
        return try JSONDecoder().decode(Page.self, from: Data(body)).next
    }
}

extension BenchScale.Result {
    /// The figures as a table.
    var lines: [String] {
        var columns = self.figures.flatMap { figures in
            ["p50 ms at \(BenchFormat.count(Double(figures.keys)))", "p99 ms"]
        }
        if self.figures.count > 1 { columns += ["p50 ratio", "p99 ratio"] }
        var table = BenchTable("scale, keys", columns: columns)
        for (place, question) in BenchScale.Question.allCases.enumerated() {
            let latencies = self.figures.map { $0.latencies[place] }
            var cells = latencies.flatMap { latency in
                [BenchFormat.decimal(latency.p50, places: 3), BenchFormat.decimal(latency.p99, places: 3)]
            }
            if latencies.count > 1, let first = latencies.first, let last = latencies.last {
                cells += [BenchFormat.decimal(last.p50 / first.p50), BenchFormat.decimal(last.p99 / first.p99)]
            }
            table.add(question.title, cells)
        }
        let sizes = self.figures.map { figures in
            "\(BenchFormat.count(figures.bytesPerKey)) bytes a key on disk at \(BenchFormat.count(Double(figures.keys)))"
        }
        return table.lines + ["", sizes.joined(separator: "; ")]
    }
}
