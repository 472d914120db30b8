/// Values of the same thing, measured several times.
struct BenchSamples {
    private(set) var values: [Double] = []

    /// Adds a value.
    mutating func add(_ value: Double) { self.values.append(value) }

    /// The middle value; 0 when there is none.
    var median: Double { self.quantile(0.5) }

    /// The value that so much of the others, 0 to 1, are not above; 0 when there is none.
    func quantile(_ share: Double) -> Double {
        guard !self.values.isEmpty else { return 0 }
        let sorted = self.values.sorted()
        return sorted[Self.index(of: share, among: sorted.count)]
    }

    /// Where the quantile is among so many sorted values.
    static func index(of share: Double, among count: Int) -> Int {
        min(Int(share * Double(count)), count - 1)
    }
}

/// How figures are written for people.
enum BenchFormat {
    /// A whole number with separators: `12,345`.
    static func count(_ value: Double) -> String {
        var digits = Array(String(Int64(value.rounded())))
        var at = digits.count - 3
        while at > 0 {
            digits.insert(",", at: at)
            at -= 3
        }
        return String(digits)
    }

    /// A number with so many places: `0.47`.
    static func decimal(_ value: Double, places: Int = 2) -> String {
        let factor = (0..<places).reduce(1.0) { factor, _ in factor * 10 }
        let scaled = Int64((value * factor).rounded())
        let fraction = String(scaled.magnitude % UInt64(factor))
        let whole = scaled.magnitude / UInt64(factor)
        let sign = scaled < 0 ? "-" : ""
        guard places > 0 else { return "\(sign)\(whole)" }
        return "\(sign)\(whole)." + String(repeating: "0", count: places - fraction.count) + fraction
    }

    /// Milliseconds, with as many places as are worth reading.
    static func milliseconds(_ value: Double) -> String { Self.decimal(value, places: value < 10 ? 2 : 1) }

    /// Bytes in MiB.
    static func mebibytes(_ bytes: Int) -> String { Self.count(Double(bytes) / 1_048_576) + " MiB" }
}

/// A table whose first column is text and whose others are numbers.
struct BenchTable {
    private let title: String
    private var rows: [[String]] = []

    /// Begins a table.
    init(_ title: String, columns: [String]) {
        self.title = title
        self.rows = [[title] + columns]
    }

    /// Adds a row.
    mutating func add(_ name: String, _ figures: [String]) { self.rows.append([name] + figures) }

    /// The lines of the table.
    var lines: [String] {
        let widths = self.rows[0].indices.map { column in self.rows.map { $0[column].count }.max() ?? 0 }
        return self.rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let space = String(repeating: " ", count: widths[column] - cell.count)
                line += column == 0 ? cell + space : "  " + space + cell
            }
            return line
        }
    }
}
