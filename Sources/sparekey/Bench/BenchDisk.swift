import CSQLite
import Glibc

/// What the disk under a directory does, and the same SQLite on it without anything of ours: the floors of durable figures.
struct BenchDisk {
    private let directory: String

    /// Chooses a directory on the disk.
    init(directory: String) { self.directory = directory }

    /// How many times a second 4 KiB can be written and be durable (`fdatasync`), one after another.
    func syncsPerSecond(forSeconds limit: Double) throws -> Double {
        let path = self.directory + "/syncs"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure("cannot make \(path): \(SmallFile.reason)") }
        defer {
            close(file)
            unlink(path)
        }
        // As long as a write-ahead log in use, so that only data are synced and the file's length is not.
        let blocks = 1024
        let block = [UInt8](repeating: 0x5A, count: 4096)
        for number in 0..<blocks { try Self.write(block, number, to: file) }
        guard fsync(file) == 0 else { throw Failure("cannot sync \(path): \(SmallFile.reason)") }
        var count = 0
        let begin = BenchClock.now
        while BenchClock.now - begin < limit {
            try Self.write(block, count % blocks, to: file)
            guard fdatasync(file) == 0 else { throw Failure("cannot sync \(path): \(SmallFile.reason)") }
            count += 1
        }
        return Double(count) / (BenchClock.now - begin)
    }

    private static func write(_ block: [UInt8], _ number: Int, to file: Int32) throws {
        guard pwrite(file, block, block.count, off_t(number * block.count)) == block.count else {
            throw Failure("cannot write: \(SmallFile.reason)")
        }
    }
}

/// SQLite by its C API with the server's durability (write-ahead log, `synchronous=FULL`): plain rows of 1 KiB, so many in a
/// transaction, and nothing else.
final class BenchCommits {
    private static let rowBytes = 1024
    private let database: OpaquePointer
    private let begin: OpaquePointer
    private let insert: OpaquePointer
    private let commit: OpaquePointer

    /// Makes a new database.
    init(directory: String) throws {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        guard sqlite3_open_v2(directory + "/commits.db", &opened, flags, nil) == SQLITE_OK, let database = opened else {
            sqlite3_close_v2(opened)
            throw Failure("cannot make a database in \(directory)")
        }
        self.database = database
        let setup = """
            PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 8192;
            PRAGMA cache_size = -32768; CREATE TABLE entry (id INTEGER PRIMARY KEY, record BLOB NOT NULL) STRICT;
            """
        guard sqlite3_exec(database, setup, nil, nil, nil) == SQLITE_OK,
            let begin = Self.prepare("BEGIN IMMEDIATE", database),
            let insert = Self.prepare("INSERT INTO entry (record) VALUES (zeroblob(\(Self.rowBytes)))", database),
            let commit = Self.prepare("COMMIT", database)
        else {
            sqlite3_close_v2(database)
            throw Failure("cannot set a database up in \(directory)")
        }
        (self.begin, self.insert, self.commit) = (begin, insert, commit)
    }

    deinit {
        for statement in [self.begin, self.insert, self.commit] { sqlite3_finalize(statement) }
        sqlite3_close_v2(self.database)
    }

    /// How many rows a second are made durable, so many in each transaction.
    func rowsPerSecond(inTransactionsOf size: Int, forSeconds limit: Double) throws -> Double {
        var count = 0
        let start = BenchClock.now
        while BenchClock.now - start < limit {
            try self.run(self.begin)
            for _ in 0..<size { try self.run(self.insert) }
            try self.run(self.commit)
            count += size
        }
        return Double(count) / (BenchClock.now - start)
    }

    private func run(_ statement: OpaquePointer) throws {
        defer { sqlite3_reset(statement) }
        guard sqlite3_step(statement) == SQLITE_DONE else {
            throw Failure("SQLite failed: \(String(cString: sqlite3_errmsg(self.database)))")
        }
    }

    private static func prepare(_ text: String, _ database: OpaquePointer) -> OpaquePointer? {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(database, text, -1, &statement, nil) == SQLITE_OK else { return nil }
        return statement
    }
}
