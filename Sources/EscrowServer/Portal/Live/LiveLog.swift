/// How long the audit log is: whatever changes, it grows. The store is asked for every stream together, and not more
/// often than a few times a second.
actor LiveLog {
    private static let freshness = Duration.milliseconds(400)

    private let read: @Sendable () async throws -> UInt64
    private var last: (size: UInt64, at: ContinuousClock.Instant)?
    private var reading: Task<UInt64, any Error>?

    /// Begins with nothing known.
    ///
    /// - Parameter read: asks the store.
    init(read: @escaping @Sendable () async throws -> UInt64) { self.read = read }

    /// The size as of a moment ago.
    func size(at now: ContinuousClock.Instant) async throws -> UInt64 {
        if let last = self.last, last.at + Self.freshness > now { return last.size }
        if let reading = self.reading { return try await reading.value }
        let reading = Task { [read] in try await read() }
        self.reading = reading
        defer { self.reading = nil }
        let size = try await reading.value
        self.last = (size, now)
        return size
    }
}
