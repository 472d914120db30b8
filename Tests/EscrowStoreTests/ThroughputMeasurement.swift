import AuditLog
import BitLocker
import EscrowModel
import EscrowStore
import Glibc
import Testing

/// How fast writes become durable, beside what SQLite does with the same statements and nothing else. Ratios, not
/// promises: run with SPAREKEY_MEASURE=1 in a release build.
@Suite("Throughput", .enabled(if: getenv("SPAREKEY_MEASURE") != nil, "set SPAREKEY_MEASURE=1 to measure"), .serialized)
struct ThroughputMeasurement {
    private static let devices = Int(getenv("SPAREKEY_MEASURE_DEVICES").map { String(cString: $0) } ?? "") ?? 10_000
    private static let seconds = 3.0

    @Test("durable writes per second are printed")
    func measure() async throws {
        let fixture = try Fixture(.sqlite)
        let store = try await fixture.start()
        try await Self.fill(store)
        // Before it has a log, a store runs its statements in plain transactions.
        let bareFixture = try Fixture(.sqlite)
        let bareStore = try bareFixture.open()
        try await Self.fill(bareStore)
        print("fdatasync of 4 KiB: \(Int(Self.syncRate(in: fixture.directory)))/s")
        for (name, operation) in [("reveal", Self.reveal), ("deposit", Self.deposit), ("check-in", Self.checkIn)] {
            for concurrency in [1, 16, 64, 256] {
                let bare = try await Self.bare(bareStore, name, batch: concurrency)
                let rate = try await Self.rate(concurrency: concurrency) { number in try await operation(store, number)
                }
                print(
                    "\(name) c=\(concurrency): \(rate); bare SQLite, \(concurrency) a commit: \(bare); "
                        + "ratio \(rate.ratio(to: bare))"
                )
            }
        }
        let read = try await Self.rate(concurrency: 64) { number in
            _ = try await store.read { reader throws(StoreError) in try reader.device(Sample.id(UInt64(number))) }
        }
        print("one device read, c=64: \(read)")
        await store.close()
    }

    private static func fill(_ store: Store) async throws {
        for start in stride(from: 0, to: Self.devices, by: 500) {
            try await Self.change(store) { tx throws(StoreError) in
                for number in start..<start + 500 {
                    let device = try tx.insert(Sample.device(UInt64(number)))
                    let volume = try tx.insert(
                        Sample.report(UInt64(number)),
                        of: device,
                        status: EscrowStatus(.escrowed, .none, since: Sample.start)
                    )
                    _ = try tx.insert(Sample.key(volume, protector: Sample.id(UInt64(number) + 2)))
                }
            }
        }
    }

    private static func change(
        _ store: Store,
        _ body: @escaping @Sendable (Transaction) throws(StoreError) -> Void
    ) async throws {
        do {
            try await store.bootstrap(body)
        } catch .unavailable(.logStarted) {
            try await store.write { tx throws(StoreError) in
                try body(tx)
                return Audited<Void>.routine(())
            }
        }
    }

    private static func reveal(_ store: Store, _ number: Int) async throws {
        let caller = Self.caller
        try await store.write { tx throws(StoreError) in try Self.reveal(tx, number, caller) }
    }

    private static func reveal(_ tx: Transaction, _ number: Int, _ caller: Caller) throws(StoreError) -> Audited<Void> {
        let id = Sample.id(UInt64(number % Self.devices))
        guard let device = try tx.device(id), let volume = try tx.volumes(of: device).first,
            var key = try tx.keys(of: volume).current
        else { throw .constraint(.other) }
        key.disclosedAt = Sample.start
        try tx.update(key)
        try tx.update(volume)
        if try tx.openRotation(of: volume) == nil {
            try tx.insert(Sample.rotation(UInt64(number) + 1_000_000, of: volume))
        }
        return Audited(
            (),
            AuditEvent(
                .keyDisclosed,
                by: caller,
                action: .revealKey,
                rule: "helpdesk",
                device: id,
                deviceName: device.facts.name,
                volume: volume.id,
                protector: key.protectorID
            )
        )
    }

    private static func deposit(_ store: Store, _ number: Int) async throws {
        let caller = Caller(
            identity: .device(Sample.id(UInt64(number % Self.devices))),
            role: .device,
            scope: .groups([]),
            source: Source(address: "192.0.2.9")
        )
        try await store.write { tx throws(StoreError) in try Self.deposit(tx, number, caller) }
    }

    private static func deposit(_ tx: Transaction, _ number: Int, _ caller: Caller) throws(StoreError) -> Audited<Void>
    {
        let id = Sample.id(UInt64(number % Self.devices))
        guard let device = try tx.device(id), let volume = try tx.volumes(of: device).first else {
            throw .constraint(.other)
        }
        _ = try tx.keys(of: volume)
        let key = try tx.insert(
            Sample.key(
                volume,
                protector: Sample.id(UInt64(number) &+ 77_000_000),
                depositedAt: Sample.start + .seconds(Int64(number))
            )
        )
        try tx.update(volume)
        return Audited(
            (),
            AuditEvent(
                .keyDeposited,
                by: caller,
                action: .depositKey,
                device: id,
                volume: volume.id,
                protector: key.protectorID
            )
        )
    }

    private static func checkIn(_ store: Store, _ number: Int) async throws {
        try await store.write { tx throws(StoreError) in try Self.checkIn(tx, number, Self.caller) }
    }

    private static func checkIn(_ tx: Transaction, _ number: Int, _ caller: Caller) throws(StoreError) -> Audited<Void>
    {
        guard var device = try tx.device(Sample.id(UInt64(number % Self.devices))),
            let volume = try tx.volumes(of: device).first
        else { throw .constraint(.other) }
        device.lastSeenAt = Sample.start + .seconds(Int64(number))
        try tx.update(volume)
        try tx.update(device)
        return .routine(())
    }

    /// The same statements by the same code in plain transactions, one thread, without savepoints, log or answers.
    private static func bare(_ store: Store, _ name: String, batch: Int) async throws -> Rate {
        let caller = Self.caller
        let clock = ContinuousClock()
        let begin = clock.now
        let cpu = Rate.processorSeconds
        var number = Int.random(in: 1_000_000_000..<1_000_000_000_000)
        var done = 0
        while clock.now - begin < .seconds(Self.seconds) {
            let from = number
            try await store.bootstrap { tx throws(StoreError) in
                for number in from..<from + batch {
                    switch name {
                    case "reveal": _ = try Self.reveal(tx, number, caller)
                    case "deposit": _ = try Self.deposit(tx, number, caller)
                    default: _ = try Self.checkIn(tx, number, caller)
                    }
                }
            }
            number += batch
            done += batch
        }
        return Rate(count: done, seconds: begin.duration(to: clock.now), processorSeconds: Rate.processorSeconds - cpu)
    }

    private static func rate(
        concurrency: Int,
        _ operation: @escaping @Sendable (Int) async throws -> Void
    ) async throws -> Rate {
        let clock = ContinuousClock()
        let begin = clock.now
        let cpu = Rate.processorSeconds
        let base = Int.random(in: 1_000_000_000..<1_000_000_000_000)
        let done = try await withThrowingTaskGroup(of: Int.self) { group in
            for worker in 0..<concurrency {
                group.addTask {
                    var number = base + worker * 10_000_019
                    var done = 0
                    while clock.now - begin < .seconds(Self.seconds) {
                        try await operation(number)
                        number += 1
                        done += 1
                    }
                    return done
                }
            }
            return try await group.reduce(0, +)
        }
        return Rate(count: done, seconds: begin.duration(to: clock.now), processorSeconds: Rate.processorSeconds - cpu)
    }

    private static func syncRate(in directory: String) -> Double {
        let descriptor = open(directory + "/sync", O_RDWR | O_CREAT, 0o600)
        defer { close(descriptor) }
        let page = [UInt8](repeating: 1, count: 4096)
        let clock = ContinuousClock()
        let begin = clock.now
        var count = 0.0
        while clock.now - begin < .seconds(1) {
            _ = page.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, Int(count) * 4096) }
            fdatasync(descriptor)
            count += 1
        }
        return count
    }

    private static let caller = Caller(
        identity: .client(id: Sample.id(3), name: "help desk"),
        role: .helpdesk,
        scope: .everything,
        source: Source(address: "192.0.2.1", agent: "curl/8", requestID: "0123456789abcdef")
    )
}

/// How many operations were done in which time, of the clock and of the processors.
private struct Rate: CustomStringConvertible {
    let perSecond: Double
    let processorMicroseconds: Double

    init(count: Int, seconds: Duration, processorSeconds: Double) {
        let wall = Double(seconds.components.seconds) + Double(seconds.components.attoseconds) / 1e18
        self.perSecond = Double(count) / wall
        self.processorMicroseconds = processorSeconds / Double(count) * 1e6
    }

    var description: String { "\(Int(self.perSecond))/s (\(Int(self.processorMicroseconds)) µs of processor each)" }

    func ratio(to other: Rate) -> Double { (self.perSecond / other.perSecond * 100).rounded() / 100 }

    static var processorSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }
}
