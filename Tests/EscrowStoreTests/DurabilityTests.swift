import BitLocker
import EscrowModel
import EscrowStore
import Foundation
import Glibc
import Testing

@Suite("Durability")
struct DurabilityTests {
    @Test("a commit that fails ends the process at once, and nobody is answered")
    func failedCommit() async throws {
        let fixture = try Fixture()
        let path = fixture.path
        let result = await #expect(processExitsWith: .exitCode(70), observing: [\.standardErrorContent]) {
            [path = path as String] in
            // As the server opens it.
            let store = try Store.open(path: path, clock: { Sample.start })
            try await store.startLog(signingKey: Fixture.signingKey)
            try await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(1)) }
            // From here on no file can grow: the write-ahead log cannot take the next commit.
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            limit.rlim_cur = 4096
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            _ = try? await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(2)) }
            exit(0)
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("sparekey: stopped at once to keep what is stored safe: a commit failed"))
    }

    @Test("a head that somebody else moved ends the process before anything is committed")
    func movedHead() async throws {
        let fixture = try Fixture()
        let path = fixture.path
        await #expect(processExitsWith: .exitCode(70)) { [path = path as String] in
            let store = try Store.open(path: path, clock: { Sample.start })
            try await store.startLog(signingKey: Fixture.signingKey)
            try await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(1)) }
            let intruder = try Connection(path: path, mode: .readWrite)
            try intruder.execute("UPDATE audit_head SET root = zeroblob(32)")
            intruder.close()
            _ = try? await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(2)) }
            exit(0)
        }
        let connection = try Connection(path: path, mode: .readWrite)
        let devices = try connection.all(SQL("SELECT id FROM device")) { row throws(StoreError) in try row.integer() }
        #expect(devices == [1])
    }

    @Test(
        "every acknowledged commit was synced, and a sync that fails ends the process before it is acknowledged",
        .enabled(if: Self.canTrace, "needs strace, and the right to use it"),
        arguments: [nil, 20]
    )
    func syncs(failing: Int?) async throws {
        let fixture = try Fixture()
        let trace = fixture.directory + "/trace"
        let injection = failing.map { "-e inject=fsync,fdatasync:error=EIO:when=\($0)+" } ?? ""
        let code = Self.run(
            "SPAREKEY_TRACED_WRITES='\(fixture.directory)' SWIFT_BACKTRACE=enable=no "
                + "strace -f -y -o '\(trace)' -e trace=fsync,fdatasync \(injection) "
                + "'\(CommandLine.arguments[0])' --testing-library swift-testing --filter TracedWrites"
        )
        let acknowledged = try fixture.content(of: fixture.directory + "/acknowledged").count
        let lines = String(decoding: try fixture.content(of: trace), as: UTF8.self).split(separator: "\n")
        let synced = lines.filter { $0.contains("sparekey.db-wal>") && $0.hasSuffix("= 0") }.count
        if failing == nil {
            #expect(code == 0)
            #expect(acknowledged == TracedWrites.count)
        } else {
            #expect(code == 70)
            #expect(acknowledged < TracedWrites.count)
        }
        #expect(synced >= acknowledged, "\(lines)")
    }

    private static let canTrace = Self.run("strace -o /dev/null /bin/true") == 0

    /// The exit code of a command that says nothing, by the C library: Foundation's `Process` has been seen to crash when
    /// many are started at once.
    private static func run(_ command: String) -> Int32 {
        let status = system("{ \(command); } >/dev/null 2>&1")
        return status & 0x7F == 0 ? status >> 8 & 0xFF : -1
    }

    @Test(
        "without space a batch is undone and told so, and the store carries on",
        .enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs")
    )
    func diskFull() async throws {
        let disk = try SmallDisk(megabytes: 24)
        let store = try Store.open(
            path: disk.path + "/sparekey.db",
            clock: { Sample.start },
            failStop: { fatalError($0) }
        )
        try await store.startLog(signingKey: Fixture.signingKey)
        let volume = try await store.changing { tx throws(StoreError) in try tx.insertVolume(1).1 }
        // More than the page cache holds, so that pages go to the disk before the commit.
        let results = try await store.inOneBatch(5) { tx, number throws(StoreError) in
            let device = try tx.insert(Sample.device(UInt64(10 + number)))
            if number == 2 {
                for _ in 0..<64 {
                    let other = try tx.insert(
                        Sample.report(UInt64.random(in: 1000...UInt64.max / 2)),
                        of: device,
                        status: volume.status
                    )
                    try tx.setMetadata([UInt8](repeating: 7, count: 1_000_000), of: other)
                }
            }
            return Audited((), Sample.event())
        }
        for result in results {
            guard case .failure(let error) = result else {
                Issue.record("an operation of the batch was acknowledged")
                continue
            }
            #expect(error == .unavailable(.diskFull))
        }
        try await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(20)) }
        let (devices, head) = try await store.read { reader throws(StoreError) in
            (try reader.deviceListings(scope: .everything, PageRequest()).items.map(\.id), try reader.logHead())
        }
        #expect(devices == [Sample.id(1), Sample.id(20)])
        // The entry of the volume, the one that held the batch up, and the last.
        #expect(head?.size == 3)
        await store.close()
    }
}

@Suite("Write-ahead log")
struct WriteAheadLogTests {
    @Test("is copied into the database file as it grows, and so does not grow without end", arguments: Engine.available)
    func bounded(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        let store = try await fixture.start()
        let volume = try await store.changing { tx throws(StoreError) in try tx.insertVolume(1).1 }
        for _ in 0..<80 {
            try await store.changing { tx throws(StoreError) in
                try tx.setMetadata([UInt8](repeating: 7, count: 1_000_000), of: volume)
            }
        }
        let file = try #require(fopen(fixture.path + "-wal", "r"))
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        #expect(ftell(file) < 48 << 20)
        await store.close()
    }
}

/// Not a test of its own: what `DurabilityTests` runs under strace.
@Suite("TracedWrites", .enabled(if: getenv("SPAREKEY_TRACED_WRITES") != nil, "run by another test, under strace"))
struct TracedWrites {
    static let count = 40

    @Test("writes one after the other are acknowledged")
    func writes() async throws {
        let directory = String(cString: try #require(getenv("SPAREKEY_TRACED_WRITES")))
        let store = try Store.open(path: directory + "/sparekey.db", clock: { Sample.start })
        try await store.startLog(signingKey: Fixture.signingKey)
        for number in 0..<UInt64(Self.count) {
            try await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(number)) }
            let file = try #require(fopen(directory + "/acknowledged", "a"))
            fputc(1, file)
            fclose(file)
        }
    }
}

/// A file system of a few megabytes in memory.
final class SmallDisk: Sendable {
    let path: String

    static let isAvailable: Bool = (try? SmallDisk(megabytes: 1)) != nil

    init(megabytes: Int) throws {
        var template = Array("/tmp/sparekey-disk-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FixtureError.noDirectory }
        self.path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard mount("sparekey", self.path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            rmdir(self.path)
            throw FixtureError.noDirectory
        }
    }

    deinit {
        umount2(self.path, Int32(MNT_DETACH))
        rmdir(self.path)
    }
}
