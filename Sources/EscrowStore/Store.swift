package import AuditLog
import DurableFiles
package import EscrowModel
import Glibc

/// All that Sparekey keeps, with the log of what was done.
///
/// One process has the database open. One connection makes all changes and copies the write-ahead log back: SQLite
/// before 3.51.3 can lose commits where two do. The others only read. Nothing here blocks one of Swift's own
/// threads.
package final class Store: Sendable {
    private let writes: WriteQueue
    private let readers: ReaderPool

    private init(writes: WriteQueue, readers: ReaderPool) {
        self.writes = writes
        self.readers = readers
    }

    /// Opens the database, making it or bringing it to this version's form where needed.
    ///
    /// Nothing can be changed before ``startLog(signingKey:anchor:)``, but for the keyring, with ``bootstrap(_:)``.
    /// Throws `.refused` with what to do when it cannot be opened safely. Blocks for as long as that takes.
    ///
    /// - Parameters:
    ///   - path: the database file. Its directory must exist; a lock file and SQLite's own two lie beside it.
    ///   - readers: how many reads run at once.
    ///   - clock: the time, for the log's entries.
    ///   - failStop: ends the process when it is no longer known what is on the disk. It is told why, in a sentence.
    package static func open(
        path: String,
        readers: Int = 2,
        clock: @escaping @Sendable () -> Timestamp,
        failStop: @escaping @Sendable (String) -> Never = Store.exit
    ) throws(StoreError) -> Store {
        let lock = try LockFile(path: path + ".lock", directory: DurableFile.folder(of: path))
        try Self.create(path)
        let writer = try Self.openWriter(path: path, lock: lock, clock: clock, failStop: failStop)
        let pool = try ReaderPool(count: max(readers, 1)) { () throws(StoreError) in
            let connection = try Connection(path: path, mode: .readOnly)
            try connection.setUpForReading()
            return connection
        }
        return Store(writes: WriteQueue(writer), readers: pool)
    }

    /// Reads one state of the database, on a thread of the store's.
    package func read<Value: Sendable>(
        _ body: @Sendable @escaping (Reader) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await self.readers.read(body)
    }

    /// Changes something and records it, in one transaction; returns when both are durable.
    ///
    /// The operation shares its transaction with others that came at the same time, but not their fate: when its
    /// closure throws, its changes and its events are undone and the others' stay. A task that is cancelled gets
    /// its answer all the same: whoever hangs up does not erase his record. The closure must not wait for anything.
    package func write<Value: Sendable>(
        _ body: @Sendable @escaping (Transaction) throws(StoreError) -> Audited<Value>
    ) async throws(StoreError) -> Value {
        try await self.writeRecorded(body).value
    }

    /// The same as ``write(_:)``, with what it has put on the log: evidence for whoever must see that it is there.
    package func writeRecorded<Value: Sendable>(
        _ body: @Sendable @escaping (Transaction) throws(StoreError) -> Audited<Value>
    ) async throws(StoreError) -> Recorded<Value> {
        let result: Result<Recorded<Value>, StoreError> = await withCheckedContinuation { continuation in
            self.writes.submit(PendingWrite(body) { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    /// Changes something before there is a log, whose key lies in the keyring. Throws
    /// `.unavailable(.logStarted)` once there is one: from then on, nothing changes without a record.
    package func bootstrap<Value: Sendable>(
        _ body: @Sendable @escaping (Transaction) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await self.writes.alone { writer throws(StoreError) in
            guard writer.log == nil else { throw .unavailable(.logStarted) }
            return try writer.runAlone(body)
        }
    }

    /// Takes up the log where it ended, or begins it. From then on ``write(_:)`` works.
    ///
    /// Throws `.refused` when the head does not fit its entries or its signature, and when the log is not the one,
    /// or not as long as, its anchor bears witness of.
    ///
    /// - Parameters:
    ///   - signingKey: the log's key, whose name is the log's origin.
    ///   - anchor: the file, best on another disk, that the latest checkpoint is written to; nil for none.
    @discardableResult
    package func startLog(
        signingKey: SigningKey,
        anchor: String? = nil
    ) async throws(StoreError) -> LogStart {
        try await self.writes.alone { writer throws(StoreError) in
            try writer.startLog(signingKey: signingKey, anchorPath: anchor)
        }
    }

    /// Shows the log to one who follows it, in place of who did before: what there is after `size` entries first, and from
    /// then on each addition, on the thread that writes and before its writers are answered.
    ///
    /// First read most of a long log by `Reader.leafHashes(from:limit:)`: this keeps writers waiting.
    package func follow(
        from size: UInt64,
        _ follower: @Sendable @escaping (LogExtension) -> Void
    ) async throws(StoreError) {
        try await self.writes.alone { writer throws(StoreError) in
            guard let head = writer.log?.head else { throw .unavailable(.logNotStarted) }
            let reader = Reader(connection: writer.connection)
            let missing = max(head.size - Int64(clamping: size), 0)
            let hashes = try reader.leafHashes(from: Int64(clamping: size), limit: Int(missing))
            // Who has seen more than there is gets to know it by this.
            follower(LogExtension(from: min(size, head.edge.size), hashes: hashes, note: head.note))
            writer.follower = follower
        }
    }

    /// Why the anchor could not be written the last time; nil when it could, and when there is none.
    package func anchorProblem() async throws(StoreError) -> String? {
        try await self.writes.alone { writer in writer.anchor?.problem }
    }

    /// A setting of the connection that writes, as the engine tells it.
    package func writerSetting(_ name: String) async throws(StoreError) -> String? {
        try await self.writes.alone { writer throws(StoreError) in try writer.connection.setting(name) }
    }

    /// Copies the write-ahead log into the database file and empties it. False when a long read was in the way.
    package func checkpoint() async throws(StoreError) -> Bool {
        try await self.writes.alone { writer throws(StoreError) in try writer.connection.checkpoint(.truncate) }
    }

    /// Ends what waits, refuses what comes, writes the anchor and lets the files go: another store can be opened on
    /// them.
    package func close() async {
        await self.readers.close()
        await self.writes.close { writer in
            writer.anchor?.flush()
            _ = try? writer.connection.checkpoint(.truncate)
            writer.close()
        }
    }

    /// Ends the process at once, with exit code 70 (`EX_SOFTWARE`): nobody is told that something happened which
    /// may not have.
    package static let exit: @Sendable (String) -> Never = { reason in
        let text = "sparekey: stopped at once to keep what is stored safe: \(reason)\n"
        _ = text.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
        _exit(70)
    }

    /// Makes the file before SQLite does, so that nobody else may read it; SQLite's other files follow its mode.
    private static func create(_ path: String) throws(StoreError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .refused(.cannotOpen(path: path, reason: String(cString: strerror(errno))))
        }
        Glibc.close(descriptor)
    }

    private static func openWriter(
        path: String,
        lock: LockFile,
        clock: @escaping @Sendable () -> Timestamp,
        failStop: @escaping @Sendable (String) -> Never
    ) throws(StoreError) -> sending Writer {
        let connection = try Connection(path: path, mode: .readWrite)
        try connection.setUpForWriting()
        try Migration.run(on: connection)
        return Writer(connection: connection, lock: lock, clock: clock, failStop: failStop)
    }
}
