import CSQLite

/// One connection to the database, with the statements it has prepared. Used by one thread at a time.
///
/// All that is SQLite's own is here, in `Statement` and in `Row`: another engine replaces these three.
package final class Connection {
    /// What the connection may do.
    package enum Mode: Sendable {
        /// Reads and writes, and makes the file when there is none.
        case readWrite
        /// Reads only; needs a read-write connection to have the file open.
        case readOnly
        /// Reads only, a file that nobody changes meanwhile: no file beside it is looked at or made.
        case unchanging
    }

    /// How many statements of texts put together at run time are kept.
    private static let keptStatements = 256

    let pointer: OpaquePointer
    private var statements: [SQL: Statement] = [:]
    private var plans: [String]?
    private var isOpen = true

    /// A statement that failed, or a row that did not hold what it must.
    struct Failure {
        let code: SQLiteCode
        let error: StoreError
    }

    /// The last failure; nil once it was looked at.
    private(set) var failure: Failure?
    /// How many pages the write-ahead log held after the last commit; SQLite tells through the pointer.
    private let walPages: UnsafeMutablePointer<Int32>

    /// Opens a database file.
    package init(path: String, mode: Mode) throws(StoreError) {
        let flags =
            switch mode {
            case .readWrite: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .readOnly: SQLITE_OPEN_READONLY
            case .unchanging: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
            }
        let name = mode == .unchanging ? "file:\(Self.escaped(path))?immutable=1" : path
        var database: OpaquePointer?
        let code = sqlite3_open_v2(name, &database, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let database else {
            sqlite3_close_v2(database)
            throw .refused(.cannotOpen(path: path, reason: String(cString: sqlite3_errstr(code))))
        }
        self.pointer = database
        self.walPages = .allocate(capacity: 1)
        self.walPages.initialize(to: 0)
        csqlite_defend(database)
    }

    /// A path within a URI: what would end it there is escaped.
    private static func escaped(_ path: String) -> String {
        path.replacing("%", with: "%25").replacing("?", with: "%3f").replacing("#", with: "%23")
    }

    deinit {
        self.close()
        self.walPages.deallocate()
    }

    /// Lets the database go; the connection cannot be used after.
    package func close() {
        guard self.isOpen else { return }
        self.isOpen = false
        self.statements = [:]
        sqlite3_close_v2(self.pointer)
    }

    /// How many pages the write-ahead log held after the last commit; 0 until `countPagesInLog`.
    var pagesInLog: Int32 { self.walPages.pointee }

    /// Has SQLite tell how many pages the write-ahead log holds, at each commit.
    ///
    /// Setting `wal_autocheckpoint`, even to 0, undoes this: there is one hook for both.
    func countPagesInLog() {
        sqlite3_wal_hook(
            self.pointer,
            { context, _, _, pages in
                context?.assumingMemoryBound(to: Int32.self).pointee = pages
                return SQLITE_OK
            },
            self.walPages
        )
    }

    /// Runs a statement that gives no rows, and tells how many rows it changed.
    @discardableResult
    package func run(_ sql: SQL, _ values: SQLValue...) throws(StoreError) -> Int {
        try self.run(sql, values)
    }

    /// Runs a statement that gives no rows, and tells how many rows it changed.
    @discardableResult
    package func run(_ sql: SQL, _ values: [SQLValue]) throws(StoreError) -> Int {
        let statement = try self.bound(sql, values)
        defer { statement.reset() }
        while try self.step(statement) {}
        return Int(sqlite3_changes64(self.pointer))
    }

    /// Reads the first row; nil when there is none.
    package func first<Value>(
        _ sql: SQL,
        _ values: SQLValue...,
        read: (inout Row) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        let statement = try self.bound(sql, values)
        defer { statement.reset() }
        guard try self.step(statement) else { return nil }
        var row = statement.row
        return try self.noting { () throws(StoreError) in try read(&row) }
    }

    /// Reads every row.
    package func all<Value>(
        _ sql: SQL,
        _ values: SQLValue...,
        read: (inout Row) throws(StoreError) -> Value
    ) throws(StoreError) -> [Value] {
        try self.all(sql, values, read: read)
    }

    /// Reads every row.
    package func all<Value>(
        _ sql: SQL,
        _ values: [SQLValue],
        read: (inout Row) throws(StoreError) -> Value
    ) throws(StoreError) -> [Value] {
        let statement = try self.bound(sql, values)
        defer { statement.reset() }
        var result: [Value] = []
        while try self.step(statement) {
            var row = statement.row
            result.append(try self.noting { () throws(StoreError) in try read(&row) })
        }
        return result
    }

    /// Runs one or several statements without parameters, such as a migration.
    package func execute(_ text: String) throws(StoreError) {
        let code = sqlite3_exec(self.pointer, text, nil, nil, nil)
        guard code == SQLITE_OK else { throw self.error(code) }
    }

    /// The engine's plan of every statement that a piece of work runs, for a test to find one that has no index.
    package func plans(of work: () throws(StoreError) -> Void) throws(StoreError) -> [String] {
        self.plans = []
        defer { self.plans = nil }
        try work()
        return self.plans ?? []
    }

    private func bound(_ sql: SQL, _ values: [SQLValue]) throws(StoreError) -> Statement {
        let statement = try self.statement(sql)
        if self.plans != nil { try self.explain(sql, statement, values) }
        let code = statement.bind(values)
        guard code == SQLITE_OK else {
            statement.reset()
            throw self.error(code)
        }
        return statement
    }

    private func statement(_ sql: SQL) throws(StoreError) -> Statement {
        precondition(self.isOpen, "a connection is used after it was closed")
        if let statement = self.statements[sql] { return statement }
        if self.statements.count >= Self.keptStatements {
            self.statements = self.statements.filter { $0.value.isInUse }
        }
        let statement = try self.prepare(sql.text)
        self.statements[sql] = statement
        return statement
    }

    private func prepare(_ text: String) throws(StoreError) -> Statement {
        var pointer: OpaquePointer?
        let code = sqlite3_prepare_v3(self.pointer, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
        guard code == SQLITE_OK, let pointer else { throw self.error(code) }
        return Statement(pointer)
    }

    private func step(_ statement: Statement) throws(StoreError) -> Bool {
        switch statement.step() {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw self.error(code)
        }
    }

    /// A row that cannot be read is as much a failure of the operation as a statement that failed.
    private func noting<Value>(_ read: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        do { return try read() } catch {
            self.failure = Failure(code: .unreadable, error: error)
            throw error
        }
    }

    func error(_ code: Int32) -> StoreError {
        let code = SQLiteCode(code)
        let error = code.error(message: String(cString: sqlite3_errmsg(self.pointer)))
        self.failure = Failure(code: code, error: error)
        return error
    }

    private func explain(_ sql: SQL, _ statement: Statement, _ values: [SQLValue]) throws(StoreError) {
        let plan = try self.prepare("EXPLAIN QUERY PLAN " + sql.text)
        _ = plan.bind(values)
        while plan.step() == SQLITE_ROW {
            var row = plan.row
            row.skip(3)
            self.plans?.append(try row.text())
        }
        plan.reset()
    }
}

// MARK: - Transactions

extension Connection {
    /// Whether a transaction is open. SQLite ends one by itself on some errors.
    package var isInTransaction: Bool { sqlite3_get_autocommit(self.pointer) == 0 }

    /// Forgets the last failure, and tells it.
    func takeFailure() -> Failure? {
        defer { self.failure = nil }
        return self.failure
    }

    /// Begins a transaction that takes the right to write at once, so that it never has to give way half-done.
    func begin() throws(StoreError) { try self.run(Self.begin) }
    /// Begins a transaction that sees one state of the database throughout.
    func beginReading() throws(StoreError) { try self.run(Self.beginReading) }
    /// Makes all changes durable.
    func commit() throws(StoreError) { try self.run(Self.commit) }

    /// Undoes all changes; nothing to do when the engine did so by itself.
    func rollBack() {
        guard self.isInTransaction else { return }
        _ = try? self.run(Self.rollBack)
    }

    func setSavepoint() throws(StoreError) { try self.run(Self.savepoint) }
    func releaseSavepoint() throws(StoreError) { try self.run(Self.release) }

    func rollBackToSavepoint() throws(StoreError) {
        try self.run(Self.rollBackTo)
        try self.run(Self.release)
    }

    private static let begin = SQL("BEGIN IMMEDIATE")
    private static let beginReading = SQL("BEGIN")
    private static let commit = SQL("COMMIT")
    private static let rollBack = SQL("ROLLBACK")
    private static let savepoint = SQL("SAVEPOINT operation")
    private static let release = SQL("RELEASE SAVEPOINT operation")
    private static let rollBackTo = SQL("ROLLBACK TO SAVEPOINT operation")
}
