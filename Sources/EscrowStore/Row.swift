import BitLocker
import CSQLite
import EscrowModel

/// One row of a result, whose columns are taken in order. It lives only while the statement stands on it.
///
/// Strict: a column of another type than the one asked for is an error, never a conversion.
package struct Row: ~Copyable {
    private let statement: OpaquePointer
    private let count: Int32
    private var at: Int32 = 0

    init(statement: OpaquePointer) {
        self.statement = statement
        self.count = sqlite3_column_count(statement)
    }

    /// Takes an integer.
    package mutating func integer() throws(StoreError) -> Int64 {
        let column = try self.next(SQLITE_INTEGER)
        return sqlite3_column_int64(self.statement, column)
    }

    /// Takes a text, which must be UTF-8.
    package mutating func text() throws(StoreError) -> String {
        let column = try self.next(SQLITE_TEXT)
        let start = sqlite3_column_text(self.statement, column)
        let buffer = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(self.statement, column)))
        guard let text = String(validating: buffer, as: UTF8.self) else { throw self.broken(column) }
        return text
    }

    /// Takes bytes.
    package mutating func bytes() throws(StoreError) -> [UInt8] {
        let column = try self.next(SQLITE_BLOB)
        let start = sqlite3_column_blob(self.statement, column)
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(self.statement, column))))
    }

    /// Takes a value, or nil from a column that holds NULL.
    package mutating func optional<Value>(
        _ take: (inout Row) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        guard !self.isNull else {
            self.at += 1
            return nil
        }
        return try take(&self)
    }

    /// Whether the next column holds NULL.
    package var isNull: Bool { sqlite3_column_type(self.statement, self.at) == SQLITE_NULL }

    /// Passes over so many columns.
    package mutating func skip(_ columns: Int) { self.at += Int32(columns) }

    /// The error for the column just taken: it does not hold what it must.
    package func broken() -> StoreError { self.broken(self.at - 1) }

    private mutating func next(_ type: Int32) throws(StoreError) -> Int32 {
        let column = self.at
        precondition(column < self.count, "a row was asked for more columns than its statement has")
        guard sqlite3_column_type(self.statement, column) == type else { throw self.broken(column) }
        self.at += 1
        return column
    }

    private func broken(_ column: Int32) -> StoreError {
        .corrupt("column " + (sqlite3_column_name(self.statement, column).map { String(cString: $0) } ?? "\(column)"))
    }
}

extension Row {
    /// Takes an integer or a text as text: for settings, whose types SQLite mixes.
    mutating func anyText() throws(StoreError) -> String {
        do { return String(try self.integer()) } catch { return try self.text() }
    }

    mutating func optionalInteger() throws(StoreError) -> Int64? {
        try self.optional { row throws(StoreError) in try row.integer() }
    }

    mutating func optionalText() throws(StoreError) -> String? {
        try self.optional { row throws(StoreError) in try row.text() }
    }

    mutating func optionalBytes() throws(StoreError) -> [UInt8]? {
        try self.optional { row throws(StoreError) in try row.bytes() }
    }

    mutating func bool() throws(StoreError) -> Bool {
        switch try self.integer() {
        case 0: false
        case 1: true
        default: throw self.broken()
        }
    }

    mutating func int() throws(StoreError) -> Int {
        guard let value = Int(exactly: try self.integer()) else { throw self.broken() }
        return value
    }

    mutating func time() throws(StoreError) -> Timestamp { Timestamp(milliseconds: try self.integer()) }

    mutating func optionalTime() throws(StoreError) -> Timestamp? {
        try self.optionalInteger().map { Timestamp(milliseconds: $0) }
    }

    mutating func guid() throws(StoreError) -> GUID {
        let column = try self.next(SQLITE_BLOB)
        guard sqlite3_column_bytes(self.statement, column) == 16,
            let start = sqlite3_column_blob(self.statement, column)
        else { throw self.broken(column) }
        return GUID(at: start)
    }

    mutating func optionalGUID() throws(StoreError) -> GUID? {
        try self.optional { row throws(StoreError) in try row.guid() }
    }

    mutating func guids() throws(StoreError) -> [GUID] {
        let bytes = try self.bytes()
        guard bytes.count % 16 == 0 else { throw self.broken() }
        return bytes.withUnsafeBytes { buffer in
            buffer.baseAddress.map { start in stride(from: 0, to: buffer.count, by: 16).map { GUID(at: start + $0) } }
                ?? []
        }
    }

    /// Takes the device groups that a role holds in.
    mutating func scope() throws(StoreError) -> Scope {
        guard let scope = Scope(text: try self.optionalText()) else { throw self.broken() }
        return scope
    }

    /// Takes a word of a closed set.
    mutating func word<Word: RawRepresentable<String>>(_ type: Word.Type = Word.self) throws(StoreError) -> Word {
        guard let word = Word(rawValue: try self.text()) else { throw self.broken() }
        return word
    }
}
