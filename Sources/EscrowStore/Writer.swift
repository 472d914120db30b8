import AuditLog
import EscrowModel

/// The one connection that writes, with the log it writes to. Lives on the write queue.
final class Writer {
    /// From so many pages in the write-ahead log on they are copied into the database file (32 MiB).
    private static let checkpointPages: Int32 = 8192

    let connection: Connection
    private var lock: LockFile?
    var log: LogAppender?
    var anchor: LogAnchor?
    /// Told what was added to the log, before those who wrote it are answered.
    var follower: (@Sendable (LogExtension) -> Void)?
    private let clock: @Sendable () -> Timestamp
    private let failStop: @Sendable (String) -> Never
    private(set) var owesTruncation = false

    init(
        connection: Connection,
        lock: LockFile,
        clock: @Sendable @escaping () -> Timestamp,
        failStop: @Sendable @escaping (String) -> Never
    ) {
        self.connection = connection
        self.lock = lock
        self.clock = clock
        self.failStop = failStop
    }

    deinit { self.close() }

    /// Lets the files go. The connection goes before the lock does: there are never two that write.
    func close() {
        self.connection.close()
        self.lock = nil
    }

    /// Runs a batch of operations in one transaction, each in a savepoint of its own, and answers them when it is
    /// durable.
    func run(_ batch: ArraySlice<PendingWrite>) {
        let transaction = Transaction(connection: self.connection)
        var performed: [PendingWrite.Performed] = []
        performed.reserveCapacity(batch.count)
        do {
            try self.connection.begin()
            for write in batch { performed.append(try self.perform(write, transaction)) }
            try self.endLog()
        } catch {
            self.abandon(batch, performed, error)
            return
        }
        self.commit()
        for operation in performed { operation.answer(nil, operation.entries) }
        if transaction.hasPurged { self.owesTruncation = true }
        self.checkpointIfDue()
    }

    /// Runs a piece of work in a transaction of its own, without the log: what is done before the log is there.
    func runAlone<Value>(_ work: (Transaction) throws(StoreError) -> Value) throws(StoreError) -> Value {
        let result: Value
        do {
            try self.connection.begin()
            result = try work(Transaction(connection: self.connection))
        } catch {
            self.stopIfUncertain()
            self.connection.rollBack()
            throw error
        }
        self.commit()
        return result
    }

    /// Copies the write-ahead log into the database file when there is much of it, and wipes it when a secret was
    /// purged.
    func checkpointIfDue() {
        do {
            if self.owesTruncation {
                self.owesTruncation = try !self.connection.checkpoint(.truncate)
            } else if self.connection.pagesInLog >= Self.checkpointPages {
                _ = try self.connection.checkpoint(.passive)
            }
        } catch {
            // Without space the pages stay where they are, which is safe; after a failed fsync nothing is.
            self.stopIfUncertain()
        }
    }

    /// Throws only what is over the whole batch: the operation's own errors are in what it returns.
    private func perform(
        _ write: PendingWrite,
        _ transaction: Transaction
    ) throws(StoreError) -> PendingWrite.Performed {
        try self.connection.setSavepoint()
        var performed = write.perform(transaction)
        var failure: StoreError?
        switch performed.events {
        case .success(let events):
            // An operation that went on after a failed verb has not seen what it believes it saw.
            if let earlier = self.connection.failure {
                failure = earlier.error
            } else {
                do { performed.entries = try self.append(events) } catch { failure = error }
            }
        case .failure(let error): failure = error
        }
        guard let failure else {
            try self.connection.releaseSavepoint()
            return performed
        }
        self.stopIfUncertain()
        // Some errors end SQLite's whole transaction; then the batch is over.
        guard self.connection.isInTransaction else { throw failure }
        try self.connection.rollBackToSavepoint()
        let answer = performed.answer
        return PendingWrite.Performed(events: .failure(failure)) { other, _ in answer(other ?? failure, []) }
    }

    private func append(_ events: [AuditEvent]) throws(StoreError) -> [LogEntry] {
        guard self.log != nil else { throw .unavailable(.logNotStarted) }
        return try self.log?.append(events, now: self.clock(), on: self.connection) ?? []
    }

    private func endLog() throws(StoreError) {
        guard self.log?.hasAppended == true else { return }
        guard try self.log?.replaceHead(on: self.connection) == true else {
            self.failStop("the head of the audit log was changed by somebody else; nothing was committed")
        }
    }

    private func commit() {
        do { try self.connection.commit() } catch {
            self.failStop("a commit failed (\(error)); whether it is on the disk is not known")
        }
        if let head = self.log?.head { self.anchor?.note(head.note) }
        if let more = self.log?.takeExtension() { self.follower?(more) }
    }

    /// Nothing of the batch happened. All are told so.
    private func abandon(
        _ batch: ArraySlice<PendingWrite>,
        _ performed: [PendingWrite.Performed],
        _ error: StoreError
    ) {
        self.stopIfUncertain()
        self.connection.rollBack()
        self.log?.forget()
        for operation in performed { operation.answer(error, []) }
        for write in batch.dropFirst(performed.count) { write.refuse(error) }
    }

    /// After a failed read, write or fsync of a file nobody knows what is on the disk: SQLite has been seen to
    /// carry on, and to lose what it had acknowledged.
    private func stopIfUncertain() {
        guard let failure = self.connection.takeFailure(), failure.code.isInputOutput else { return }
        self.failStop("the database cannot be read or written any more (\(failure.code))")
    }
}
