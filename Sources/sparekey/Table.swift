/// Rows of text in columns, for terminals.
struct Table {
    private var rows: [[String]]

    /// Begins a table with its headings.
    init(_ headings: String...) { self.rows = [headings] }

    /// Adds a row.
    mutating func add(_ cells: String...) { self.rows.append(cells) }

    /// The table, a line a row; says so when there is none.
    func print(ifEmpty empty: String) {
        guard self.rows.count > 1 else { return Console.error(empty) }
        let widths = self.rows[0].indices.map { column in self.rows.map { $0[column].count }.max() ?? 0 }
        for row in self.rows {
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 2)
            }
            while line.hasSuffix(" ") { line.removeLast() }
            Console.print(line)
        }
    }
}
