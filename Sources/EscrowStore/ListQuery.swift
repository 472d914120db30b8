import EscrowModel

/// The conditions and values of a list's query as they are put together.
///
/// No statistics of the tables are kept, so the query says itself which index leads: one condition is written
/// plainly, all others as `residual`, in a form that no index answers. `CROSS JOIN` keeps SQLite to the order in
/// which tables are named.
struct ListQuery {
    private(set) var conditions: [String] = []
    private(set) var values: [SQLValue] = []

    /// Takes a value, and gives the parameter that stands for it.
    mutating func parameter(_ value: SQLValue) -> String {
        self.values.append(value)
        return "$\(self.values.count)"
    }

    mutating func require(_ condition: String) { self.conditions.append(condition) }

    /// Column equals value, found by an index.
    mutating func lead(_ column: String, _ value: SQLValue) {
        self.require("\(column) = \(self.parameter(value))")
    }

    /// Text column equals value, for rows found in another way.
    mutating func residual(_ column: String, _ value: SQLValue) {
        self.require("\(column) || '' = \(self.parameter(value))")
    }

    /// Text column is one of the values, for rows found in another way.
    mutating func residual(_ column: String, in values: some Sequence<String>) {
        let parameters = values.map { self.parameter(.text($0)) }
        self.require(parameters.isEmpty ? "1 = 0" : "\(column) || '' IN (\(parameters.joined(separator: ", ")))")
    }

    var conditionText: String { self.conditions.joined(separator: " AND ") }
}

/// Which groups' rows a list shows.
enum GroupChoice: Equatable {
    case all
    case only([String])

    /// A scope, narrowed to one group where that is asked for.
    init(scope: Scope, group: String? = nil) {
        if let group {
            self = .only(scope.includes(group: group) ? [group] : [])
            return
        }
        switch scope {
        case .everything: self = .all
        case .groups(let groups): self = .only(groups.sorted())
        }
    }
}

extension Page {
    /// Makes a page of items of which one more than its limit was asked for, to know whether there is a next one.
    init(_ items: [Item], limit: Int, position: (Item) -> Int64) {
        let shown = Array(items.prefix(limit))
        self.init(items: shown, next: items.count > limit ? shown.last.map(position) : nil)
    }
}

extension Reader {
    /// Reads a list by several values of an index, such as groups, one after the other, and merges what comes in
    /// the list's order.
    func merged<Lead, Item>(
        _ leads: [Lead],
        limit: Int,
        order: (Item, Item) -> Bool,
        read: (Lead) throws(StoreError) -> [Item]
    ) throws(StoreError) -> [Item] {
        var items: [Item] = []
        for lead in leads { items += try read(lead) }
        return leads.count == 1 ? items : Array(items.sorted(by: order).prefix(limit))
    }

    /// Whether at most `sortedRows` rows fit a condition that an index answers.
    func areFew(_ table: String, _ condition: String, _ values: [SQLValue]) throws(StoreError) -> Bool {
        let sql = SQL(
            """
            SELECT count(*) FROM (SELECT 1 FROM \(table) WHERE \(condition) LIMIT \(self.sortedRows + 1)) AS fitting
            """
        )
        let count = try self.connection.all(sql, values) { row throws(StoreError) in try row.int() }.first ?? 0
        return count <= self.sortedRows
    }
}

/// The texts that begin with a prefix, as a range of an index.
struct PrefixRange {
    let from: String
    let to: String

    /// In lower case, as the indexed column is.
    init(prefix: String) {
        self.from = prefix.lowercased()
        self.to = self.from + "\u{10FFFF}"
    }

    var values: [SQLValue] { [.text(self.from), .text(self.to)] }
}
