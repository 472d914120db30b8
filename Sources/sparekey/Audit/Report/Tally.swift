/// How often each of several things happened, the most frequent first; in bounded memory, however many things there are.
struct Tally: Encodable, Sendable {
    /// One thing, and how often it happened.
    struct Line: Encodable, Sendable {
        let what: String
        let count: Int
    }

    /// So many different things are told apart; more are counted together.
    private static let distinct = 10_000
    /// So many are shown.
    private static let shown = 20

    /// How often anything happened.
    private(set) var total = 0
    private var counts: [String: Int] = [:]

    /// Counts one.
    mutating func add(_ what: String) {
        self.total += 1
        guard self.counts[what] != nil || self.counts.count < Self.distinct else { return }
        self.counts[what, default: 0] += 1
    }

    /// The most frequent things; of equally frequent ones, by their names.
    var lines: [Line] {
        self.counts.map { Line(what: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.what) < ($0.count, $1.what) }
            .prefix(Self.shown).map { $0 }
    }

    /// How often what is not among ``lines`` happened.
    var others: Int { self.total - self.lines.reduce(0) { $0 + $1.count } }

    private enum Key: CodingKey {
        case total
        case lines
        case others
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(self.total, forKey: .total)
        try container.encode(self.lines, forKey: .lines)
        try container.encode(self.others, forKey: .others)
    }
}

/// The first of things that somebody should look at one by one, and how many there are.
struct Sample<Item: Encodable & Sendable>: Encodable, Sendable {
    private static var shown: Int { 50 }

    /// How many there are.
    private(set) var total = 0
    /// The first of them.
    private(set) var items: [Item] = []

    /// Takes one more.
    mutating func add(_ item: Item) {
        self.total += 1
        if self.items.count < Self.shown { self.items.append(item) }
    }
}
