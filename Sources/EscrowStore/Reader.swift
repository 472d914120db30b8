/// A consistent view of what is stored, for the time of one closure. Its verbs are beside the nouns they read.
package class Reader {
    /// How many rows of an index are sorted at most for one page of a list. Where more fit, rows are walked in the
    /// list's own order: then so many fit that a page is full soon.
    package var sortedRows = 10_000

    let connection: Connection

    init(connection: Connection) { self.connection = connection }

    /// How many bytes the database takes.
    package func databaseSize() throws(StoreError) -> Int64 {
        let sql = SQL("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return try self.connection.first(sql) { row throws(StoreError) in try row.integer() } ?? 0
    }

    /// The engine's plan of every statement that a piece of work runs, for a test to find one that has no index.
    package func plans(of work: () throws(StoreError) -> Void) throws(StoreError) -> [String] {
        try self.connection.plans(of: work)
    }
}

/// A write under way: a reader's verbs, and those that change something.
///
/// When a verb throws, the operation is over: its closure may catch the error but cannot succeed any more, as
/// PostgreSQL has it.
package final class Transaction: Reader {
    /// Whether a secret was destroyed, whose old pages must not stay behind.
    var hasPurged = false
}
