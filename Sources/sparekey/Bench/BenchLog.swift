import AuditFormats
import AuditLog
import BitLocker
import Crypto
import EscrowCrypto
import EscrowModel
import EscrowService
import EscrowStore
import Glibc

/// How fast the audit log leaves and is verified, and what memory that takes, when it is long.
struct BenchLog {
    /// One way through the whole log.
    struct Figure: Encodable {
        /// What was done.
        let title: String
        /// Records a second.
        let recordsPerSecond: Double
        /// So many times as long as its floor took.
        let ratio: Double
        /// How much more memory the process had at its peak than before, in bytes.
        let memory: Int
    }

    /// All of it.
    struct Result: Encodable {
        /// How many records the log has.
        let records: Int
        /// How many bytes the export has for each.
        let bytesPerRecord: Double
        /// The ways.
        let figures: [Figure]
    }

    let directory: String
    let records: Int

    private static let recordsInOperation = 100
    private static let operationsAtOnce = 100
    private static let recordsOfDevice = 50

    /// Measures. `progress` is told how many records are written and of how many.
    func run(progress: (Int, Int) -> Void) async throws -> Result {
        let store = try Store.open(path: self.directory + "/log.db", clock: Installation.clock)
        let keyFile = self.directory + "/log.key"
        var generator = SystemRandomNumberGenerator()
        let keyring = try await Keyring.create(
            under: FileMasterKey.create(path: keyFile, using: &generator),
            at: Installation.clock()
        )
        let signingKey = try SigningKey(name: "sparekey/bench", seed: keyring.auditLogSeed)
        try await store.startLog(signingKey: signingKey, anchor: nil)
        let service = EscrowService(
            store: store,
            keys: try EscrowKeys(keyring),
            logKey: signingKey.verifierKey,
            settings: EscrowSettings(),
            clock: Installation.clock
        )
        try await self.fill(store, progress: progress)
        let result = try await self.measure(service)
        await store.close()
        return result
    }

    private func fill(_ store: Store, progress: (Int, Int) -> Void) async throws {
        let step = Self.recordsInOperation * Self.operationsAtOnce
        for start in stride(from: 0, to: self.records, by: step) {
            progress(start, self.records)
            let end = min(start + step, self.records)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for first in stride(from: start, to: end, by: Self.recordsInOperation) {
                    let part = first..<min(first + Self.recordsInOperation, end)
                    group.addTask {
                        let events = part.map { Self.event($0) }
                        try await store.write { (_) throws(StoreError) in .routine((), events: events) }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// What a device's deposit leaves on the log.
    ///
    /// Devices come in the order of their IDs: ten million scattered ones would have each record write a page of the index of devices
    /// for itself, and filling, which is not what is measured, take most of an hour.
    private static func event(_ number: Int) -> AuditEvent {
        let key = BenchStock.Key(number: number)
        let device = GUID(high: UInt64(number / Self.recordsOfDevice), low: 1)
        let caller = Caller(
            identity: .device(device),
            role: .device,
            scope: .everything,
            source: Source(
                address: "192.0.2.7",
                agent: "sparekey-agent/1",
                requestID: "93effd9afd4ffebc9851a402794fc9e9"
            )
        )
        return AuditEvent(
            .keyDeposited,
            by: caller,
            action: .depositKey,
            rule: "ownDevice",
            device: device,
            deviceName: key.name,
            volume: key.volume,
            protector: key.protector
        )
    }

    private func measure(_ service: EscrowService) async throws -> Result {
        let caller = Caller(
            identity: .localOperator(name: "bench"),
            role: .administrator,
            scope: .everything,
            source: Source(address: "local")
        )
        var figures: [Figure] = []
        func measure(_ title: String, floor: Double?, _ work: () async throws -> Void) async throws -> Double {
            BenchMemory.resetPeak()
            let before = BenchMemory.peak
            let begin = BenchClock.now
            try await work()
            let seconds = BenchClock.now - begin
            figures.append(
                Figure(
                    title: title,
                    recordsPerSecond: Double(self.records) / seconds,
                    ratio: seconds / (floor ?? seconds),
                    memory: max(BenchMemory.peak - before, 0)
                )
            )
            return seconds
        }
        let reading = try await measure("read every record", floor: nil) {
            for try await _ in try await service.auditEntriesExport(AuditFilter(), as: .jsonl, by: caller) {}
        }
        for format in AuditFormat.allCases {
            _ = try await measure("export as \(format.rawValue)", floor: reading) {
                let export = try await service.auditEntriesExport(AuditFilter(), as: format, by: caller)
                let formatter = EntryFormatter(format, origin: export.origin)
                var bytes: [UInt8] = []
                for try await entries in export {
                    for entry in entries { formatter.appendLine(entry, to: &bytes) }
                    bytes.removeAll(keepingCapacity: true)
                }
            }
        }
        var count = 0
        _ = try await measure("export the log", floor: reading) {
            for try await lines in try await service.auditExport(by: caller) { count += lines.count }
        }
        let hashing = try await measure("export and SHA-256", floor: nil) {
            var hash = SHA256()
            for try await lines in try await service.auditExport(by: caller) { hash.update(data: lines) }
            _ = hash.finalize()
        }
        _ = try await measure("export and verify", floor: hashing) {
            var verifier = LogVerifier(keys: [service.logKey])
            for try await lines in try await service.auditExport(by: caller) { verifier.read(lines) }
            guard verifier.finish().isIntact else { throw Failure("the log that was just written does not verify") }
        }
        return Result(records: self.records, bytesPerRecord: Double(count) / Double(self.records), figures: figures)
    }
}

/// The memory of this process.
private enum BenchMemory {
    /// Begins to look for the peak anew (proc(5), `clear_refs`).
    static func resetPeak() {
        let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = write(descriptor, "5", 1)
        close(descriptor)
    }

    /// The most that was resident since then, in bytes; 0 when it is not to be had.
    static var peak: Int {
        guard let text = try? SmallFile.read("/proc/self/status") else { return 0 }
        let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split { !("0"..."9").contains($0) }.first.flatMap { Int($0) } ?? 0) * 1024
    }
}

extension BenchLog.Result {
    /// The figures as a table.
    var lines: [String] {
        var table = BenchTable(
            "log, \(BenchFormat.count(Double(self.records))) records",
            columns: ["records/s", "times its floor", "memory"]
        )
        for figure in self.figures {
            table.add(
                figure.title,
                [
                    BenchFormat.count(figure.recordsPerSecond), BenchFormat.decimal(figure.ratio),
                    BenchFormat.mebibytes(figure.memory),
                ]
            )
        }
        return table.lines + ["", "\(BenchFormat.count(self.bytesPerRecord)) bytes a record as the log exports it"]
    }
}
