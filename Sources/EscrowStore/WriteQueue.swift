import Synchronization

/// Lets concurrent writes share transactions (group commit).
///
/// The writer takes all that waits, up to a batch, and commits it at once; what comes meanwhile makes up the next
/// batch. A write that comes alone is begun at once: nobody waits for a batch to fill.
final class WriteQueue: Sendable {
    /// The most operations in one transaction.
    private static let batchLimit = 256
    /// The most operations that wait; more are refused rather than kept waiting beyond any timeout.
    private static let waitingLimit = 16_384

    private enum Job: Sendable {
        case write(PendingWrite)
        /// Something that is not to be in one transaction with anything else.
        case alone(@Sendable (Writer) -> Void)
    }

    private struct State {
        var jobs: [Job] = []
        var isRunning = false
        var isClosed = false
    }

    private let writer: Confined<Writer>
    private let state = Mutex(State())

    init(_ writer: sending Writer) { self.writer = Confined(writer, queue: "sparekey.store.writer") }

    /// Puts a write in the queue; it is answered whatever becomes of the task that asked.
    func submit(_ write: PendingWrite) {
        if let error = self.add(.write(write), limit: Self.waitingLimit) { write.refuse(error) }
    }

    /// Runs something between batches, after the writes that wait.
    func alone<Value: Sendable>(
        _ work: @Sendable @escaping (Writer) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            let job = Job.alone { writer in
                do throws(StoreError) { continuation.resume(returning: .success(try work(writer))) } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            if let error = self.add(job, limit: .max) { continuation.resume(returning: .failure(error)) }
        }
        return try result.get()
    }

    /// Refuses what comes from now on, and ends when what waits is done.
    func close(_ last: @Sendable @escaping (Writer) -> Void) async {
        _ = try? await self.alone { _ in }
        let wasClosed = self.state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
        }
        guard !wasClosed else { return }
        await withCheckedContinuation { continuation in
            self.writer.async { writer in
                self.drain(writer)
                last(writer)
                continuation.resume()
            }
        }
    }

    /// The error, when the job is not taken.
    private func add(_ job: Job, limit: Int) -> StoreError? {
        let (error, mustStart) = self.state.withLock { state -> (StoreError?, Bool) in
            guard !state.isClosed else { return (.unavailable(.closed), false) }
            guard state.jobs.count < limit else { return (.unavailable(.overloaded), false) }
            state.jobs.append(job)
            defer { state.isRunning = true }
            return (nil, !state.isRunning)
        }
        if mustStart { self.writer.async { self.drain($0) } }
        return error
    }

    private func drain(_ writer: Writer) {
        while true {
            let jobs = self.state.withLock { state -> [Job] in
                if state.jobs.isEmpty { state.isRunning = false }
                defer { state.jobs = [] }
                return state.jobs
            }
            guard !jobs.isEmpty else { break }
            self.run(jobs, writer)
        }
        if writer.owesTruncation { self.writer.async(afterMilliseconds: 1000) { $0.checkpointIfDue() } }
    }

    private func run(_ jobs: [Job], _ writer: Writer) {
        var writes: [PendingWrite] = []
        func runWrites() {
            guard !writes.isEmpty else { return }
            writer.run(writes[...])
            writes.removeAll(keepingCapacity: true)
        }
        for job in jobs {
            switch job {
            case .write(let write):
                writes.append(write)
                if writes.count == Self.batchLimit { runWrites() }
            case .alone(let work):
                runWrites()
                work(writer)
            }
        }
        runWrites()
    }
}
