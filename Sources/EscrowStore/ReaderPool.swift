import Synchronization

/// The connections that only read, each with a thread of its own. A read runs on one that is free, or waits for the
/// first that is.
final class ReaderPool: Sendable {
    /// The most reads that wait; more are refused.
    private static let waitingLimit = 16_384

    private struct State {
        var idle: [Int]
        var waiting: [@Sendable (Connection) -> Void] = []
        var nextWaiting = 0
        var isClosed = false
    }

    private let connections: [Confined<Connection>]
    private let state: Mutex<State>

    /// Opens the connections. The read-write connection must be open.
    init(count: Int, open: () throws(StoreError) -> sending Connection) throws(StoreError) {
        var connections: [Confined<Connection>] = []
        for number in 0..<count { connections.append(Confined(try open(), queue: "sparekey.store.reader.\(number)")) }
        self.connections = connections
        self.state = Mutex(State(idle: Array(connections.indices)))
    }

    /// Runs a piece of work in a transaction that sees one state of the database.
    func read<Value: Sendable>(
        _ body: @Sendable @escaping (Reader) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            let error = self.submit { connection in continuation.resume(returning: Self.run(body, on: connection)) }
            if let error { continuation.resume(returning: .failure(error)) }
        }
        return try result.get()
    }

    /// Refuses what comes from now on, and ends when what waits is done.
    func close() async {
        self.state.withLock { $0.isClosed = true }
        for connection in self.connections {
            await withCheckedContinuation { continuation in
                connection.async { connection in
                    connection.close()
                    continuation.resume()
                }
            }
        }
    }

    private static func run<Value: Sendable>(
        _ body: (Reader) throws(StoreError) -> Value,
        on connection: Connection
    ) -> Result<Value, StoreError> {
        defer { connection.rollBack() }
        do {
            try connection.beginReading()
            return .success(try body(Reader(connection: connection)))
        } catch {
            return .failure(error)
        }
    }

    /// The error, when the job is not taken.
    private func submit(_ job: @escaping @Sendable (Connection) -> Void) -> StoreError? {
        let (error, free) = self.state.withLock { state -> (StoreError?, Int?) in
            guard !state.isClosed else { return (.unavailable(.closed), nil) }
            if let free = state.idle.popLast() { return (nil, free) }
            guard state.waiting.count - state.nextWaiting < Self.waitingLimit else {
                return (.unavailable(.overloaded), nil)
            }
            state.waiting.append(job)
            return (nil, nil)
        }
        if let free { self.start(job, on: free) }
        return error
    }

    private func start(_ job: @escaping @Sendable (Connection) -> Void, on number: Int) {
        self.connections[number].async { connection in
            job(connection)
            while let next = self.next(for: number) { next(connection) }
        }
    }

    /// The job that waits longest; nil, and the connection is free, when none does.
    private func next(for number: Int) -> (@Sendable (Connection) -> Void)? {
        self.state.withLock { state in
            guard state.nextWaiting < state.waiting.count else {
                state.waiting.removeAll(keepingCapacity: true)
                state.nextWaiting = 0
                state.idle.append(number)
                return nil
            }
            defer { state.nextWaiting += 1 }
            return state.waiting[state.nextWaiting]
        }
    }
}
