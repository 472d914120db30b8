import AuditLog
import EscrowModel

/// A write that waits for its batch: what it does, and how its caller is answered.
struct PendingWrite: Sendable {
    /// Runs the operation within its savepoint.
    let perform: @Sendable (Transaction) -> Performed
    /// Answers the caller with an error, when the operation did not run.
    let refuse: @Sendable (StoreError) -> Void

    /// An operation that ran, and was not committed yet.
    struct Performed: Sendable {
        /// What it puts on the log, or why it is to be undone.
        let events: Result<[AuditEvent], StoreError>
        /// What it has put on the log.
        var entries: [LogEntry] = []
        /// Answers the caller: with the operation's own result and its entries, or with an error that came over the
        /// whole batch.
        let answer: @Sendable (StoreError?, [LogEntry]) -> Void
    }

    init<Value: Sendable>(
        _ body: @Sendable @escaping (Transaction) throws(StoreError) -> Audited<Value>,
        answer: @Sendable @escaping (Result<Recorded<Value>, StoreError>) -> Void
    ) {
        self.refuse = { error in answer(.failure(error)) }
        self.perform = { transaction in
            do throws(StoreError) {
                let audited = try body(transaction)
                return Performed(events: .success(audited.events)) { error, entries in
                    answer(error.map { .failure($0) } ?? .success(Recorded(value: audited.value, entries: entries)))
                }
            } catch {
                return Performed(events: .failure(error)) { other, _ in answer(.failure(other ?? error)) }
            }
        }
    }
}
