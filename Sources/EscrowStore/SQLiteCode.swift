import CSQLite

/// What SQLite answered when it did not do something; extended codes.
struct SQLiteCode: Hashable, Sendable {
    private let value: Int32

    init(_ value: Int32) { self.value = value }

    /// Not SQLite's word, but ours for a row that does not hold what its columns must.
    static let unreadable = SQLiteCode(SQLITE_CORRUPT)

    /// A read, a write or an fsync failed: what is on the disk is not known any more.
    var isInputOutput: Bool { self.primary == SQLITE_IOERR }

    private var primary: Int32 { self.value & 0xFF }

    /// The error for the callers, who learn nothing of the statement or its values.
    func error(message: @autoclosure () -> String) -> StoreError {
        switch self.primary {
        case SQLITE_CONSTRAINT: .constraint(Constraint.named(inMessage: message()))
        case SQLITE_FULL: .unavailable(.diskFull)
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .unavailable(.busy)
        case SQLITE_NOMEM: .unavailable(.outOfMemory)
        case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .unavailable(.inputOutput)
        default: .corrupt("SQLite code \(self.value)")
        }
    }
}

extension SQLiteCode: CustomStringConvertible {
    /// SQLite's number and name for it, never a value.
    var description: String { "SQLite \(self.value): \(String(cString: sqlite3_errstr(self.value)))" }
}
