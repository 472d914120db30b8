import BitLocker
import CSQLite

/// One prepared statement of a connection.
final class Statement {
    private let pointer: OpaquePointer
    private let parameters: [Int32]
    private(set) var isInUse = false

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        // SQLite numbers `$2` before `$1` when it stands first: the names count, as they do for PostgreSQL.
        let count = Int(sqlite3_bind_parameter_count(pointer))
        self.parameters = (0..<count).map { sqlite3_bind_parameter_index(pointer, "$\($0 + 1)") }
    }

    deinit { sqlite3_finalize(self.pointer) }

    /// The row that the statement stands on.
    var row: Row { Row(statement: self.pointer) }

    func bind(_ values: [SQLValue]) -> Int32 {
        precondition(!self.isInUse, "a statement is run again while its rows are read")
        precondition(values.count == self.parameters.count, "a statement has other parameters than were given")
        self.isInUse = true
        for (index, value) in zip(self.parameters, values) {
            let code = self.bind(value, at: index)
            guard code == SQLITE_OK else { return code }
        }
        return SQLITE_OK
    }

    func step() -> Int32 { sqlite3_step(self.pointer) }

    /// Makes the statement ready for its next use. The values go too: they can be large, or private.
    func reset() {
        sqlite3_reset(self.pointer)
        sqlite3_clear_bindings(self.pointer)
        self.isInUse = false
    }

    private func bind(_ value: SQLValue, at index: Int32) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(self.pointer, index)
        case .integer(let number): return sqlite3_bind_int64(self.pointer, index, number)
        case .text(var text):
            return text.withUTF8 { utf8 in
                utf8.withMemoryRebound(to: CChar.self) { buffer in
                    csqlite_bind_text(self.pointer, index, buffer.baseAddress, UInt64(buffer.count))
                }
            }
        case .guid(let id):
            return withUnsafeBytes(of: (id.high.bigEndian, id.low.bigEndian)) { buffer in
                csqlite_bind_blob(self.pointer, index, buffer.baseAddress, UInt64(buffer.count))
            }
        case .bytes(let bytes):
            return bytes.withUnsafeBytes { buffer in
                csqlite_bind_blob(self.pointer, index, buffer.baseAddress, UInt64(buffer.count))
            }
        }
    }
}
