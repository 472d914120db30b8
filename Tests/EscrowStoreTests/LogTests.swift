import AuditLog
import BitLocker
import Crypto
import EscrowModel
import EscrowStore
import Glibc
import Testing

@Suite("The log's head and anchor")
struct LogTests {
    @Test("a log is begun once and continued after", arguments: Engine.available)
    func start(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        #expect(try await fixture.startAndClose(writing: 3) == .new)
        #expect(try await fixture.startAndClose(writing: 2) == .continued(size: 3))
        #expect(try await fixture.startAndClose() == .continued(size: 5))
    }

    @Test("the anchor's file is the head after a close, and within a second of any commit", arguments: Engine.available)
    func anchorFollows(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        let store = try await fixture.start()
        for _ in 0..<3 { try await store.write { _ throws(StoreError) in Audited((), Sample.event()) } }
        let head = try #require(try await store.read { reader throws(StoreError) in try reader.logHead() })
        let deadline = ContinuousClock.now + .seconds(10)
        while try fixture.content(of: fixture.anchor) != head.note, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try fixture.content(of: fixture.anchor) == head.note)
        try await store.write { _ throws(StoreError) in Audited((), Sample.event()) }
        let last = try #require(try await store.read { reader throws(StoreError) in try reader.logHead() })
        await store.close()
        #expect(last.size == 4)
        #expect(try fixture.content(of: fixture.anchor) == last.note)
    }

    @Test(
        "a database older than its anchor is refused, a new and empty one too, and is not touched",
        arguments: Engine.available
    )
    func older(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        _ = try await fixture.startAndClose(writing: 3)
        let old = try fixture.content(of: fixture.path)
        _ = try await fixture.startAndClose(writing: 2)
        try fixture.write(old, to: fixture.path)
        let refusal = StoreError.refused(.olderThanAnchor(path: fixture.anchor, size: 3, anchored: 5))
        await #expect(throws: refusal) { try await fixture.startAndClose() }
        #expect(refusal.description.contains("Was an old backup restored? Restore the newest one"))
        unlink(fixture.path)
        for _ in 0..<2 {
            await #expect(throws: StoreError.refused(.olderThanAnchor(path: fixture.anchor, size: 0, anchored: 5))) {
                try await fixture.startAndClose()
            }
        }
    }

    @Test("a database newer than its anchor goes on, and the anchor follows", arguments: Engine.available)
    func newer(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        _ = try await fixture.startAndClose(writing: 3)
        let old = try fixture.content(of: fixture.anchor)
        _ = try await fixture.startAndClose(writing: 2)
        let new = try fixture.content(of: fixture.anchor)
        try fixture.write(old, to: fixture.anchor)
        #expect(try await fixture.startAndClose() == .continued(size: 5))
        #expect(try fixture.content(of: fixture.anchor) == new)
    }

    @Test(
        "a log that is another one than its anchor's is refused, as long or longer",
        arguments: Engine.available,
        [3, 5]
    )
    func forked(engine: Engine, size: Int) async throws {
        let fixture = try Fixture(engine)
        _ = try await fixture.startAndClose(writing: 3)
        let other = try Fixture(engine)
        _ = try await other.startAndClose(writing: size)
        try fixture.write(try other.content(of: other.path), to: fixture.path)
        await #expect(throws: StoreError.refused(.forkedFromAnchor(path: fixture.anchor, anchored: 3))) {
            try await fixture.startAndClose()
        }
    }

    @Test(
        "an anchor that is missing is said to be, and one that is not this log's is refused",
        arguments: Engine.available
    )
    func brokenAnchor(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        _ = try await fixture.startAndClose(writing: 3)
        unlink(fixture.anchor)
        #expect(try await fixture.startAndClose() == .continuedWithoutAnchor(size: 3))
        let note = try fixture.content(of: fixture.anchor)
        let stranger = try SigningKey(name: Fixture.origin, seed: SymmetricKey(data: [UInt8](repeating: 8, count: 32)))
        let forged = try Checkpoint(origin: Fixture.origin, range: CompactRange()).signed(by: stranger).bytes
        for bytes in [[], Array(note.dropLast(5)), forged, [UInt8](repeating: 0x41, count: 300_000)] {
            try fixture.write(bytes, to: fixture.anchor)
            await #expect {
                try await fixture.startAndClose()
            } throws: { error in
                guard case StoreError.refused(.brokenAnchor) = error else { return false }
                return true
            }
        }
    }

    @Test("a head that does not fit its key, its signature or its entries is refused", arguments: Engine.available)
    func brokenHead(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        _ = try await fixture.startAndClose(writing: 5)
        let good = try fixture.content(of: fixture.path)
        func tampered(_ statement: String) async throws -> StoreError? {
            try fixture.write(good, to: fixture.path)
            do {
                let connection = try Connection(path: fixture.path, mode: .readWrite)
                try connection.execute(statement)
            }
            do throws(StoreError) {
                _ = try await fixture.startAndClose()
                return nil
            } catch {
                return error
            }
        }
        #expect(try await tampered("UPDATE audit_entry SET outcome = 'success'") == nil)
        for statement in [
            "UPDATE audit_entry SET kind = 'key.purged' WHERE id = 4",
            "UPDATE audit_entry SET time = time + 1 WHERE id = 2",
            "UPDATE audit_entry SET commitment = zeroblob(32) WHERE id = 3",
            "DELETE FROM audit_entry WHERE id = 4",
            "DELETE FROM audit_entry WHERE id = 3",
            "UPDATE audit_head SET note = (SELECT note FROM audit_checkpoint WHERE size = 1)",
        ] {
            let error = try await tampered(statement)
            guard case .refused(.brokenHead)? = error else {
                Issue.record("\(statement): \(String(describing: error))")
                continue
            }
        }
        #expect(try await tampered("UPDATE audit_head SET size = 4") == .corrupt("table audit_head"))
        try fixture.write(good, to: fixture.path)
        let store = try fixture.open()
        let other = try SigningKey(
            name: "another.test/audit",
            seed: SymmetricKey(data: [UInt8](repeating: 7, count: 32))
        )
        await #expect(throws: StoreError.refused(.otherOrigin(found: Fixture.origin, expected: "another.test/audit"))) {
            try await store.startLog(signingKey: other)
        }
    }

    @Test(
        "checkpoints are kept at the first entries after a start and every 1,024, each signed over its entries",
        arguments: Engine.available
    )
    func keptCheckpoints(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        _ = try await fixture.startAndClose(writing: 1)
        let store = try await fixture.start()
        let events = [AuditEvent](repeating: Sample.event(), count: 300)
        for _ in 0..<9 {
            try await store.write { _ throws(StoreError) in Audited<Void>.routine((), events: events) }
        }
        let (kept, entries, head) = try await store.read { reader throws(StoreError) in
            (
                try reader.checkpoints(after: 0, limit: 100), try reader.entries(),
                try reader.logHead()
            )
        }
        #expect(kept.map(\.size) == [1, 301, 1201, 2101])
        #expect(head?.size == 2701)
        for checkpoint in kept {
            let note = try Checkpoint(
                verifying: SignedNote(parsing: checkpoint.note),
                by: [Fixture.signingKey.verifierKey]
            )
            let root = MerkleTree.root(of: entries.prefix(Int(checkpoint.size)).map(\.leaf.hash))
            #expect(note == Checkpoint(origin: Fixture.origin, size: UInt64(checkpoint.size), root: root))
            #expect(checkpoint.edge.root == root)
        }
        let some = try await store.read { reader throws(StoreError) in try reader.checkpoints(after: 301, limit: 1) }
        #expect(some.map(\.size) == [1201])
    }

    @Test("an anchor between two kept checkpoints is checked", arguments: Engine.available, [true, false])
    func anchorBetween(engine: Engine, isTrue: Bool) async throws {
        let fixture = try Fixture(engine)
        _ = try await fixture.startAndClose(writing: 30)
        let entries = try await Self.entries(fixture)
        var hashes = entries.prefix(20).map(\.leaf.hash)
        if !isTrue { hashes.swapAt(3, 4) }
        let anchored = Checkpoint(origin: Fixture.origin, size: 20, root: MerkleTree.root(of: hashes))
        try fixture.write(try anchored.signed(by: Fixture.signingKey).bytes, to: fixture.anchor)
        if isTrue {
            #expect(try await fixture.startAndClose() == .continued(size: 30))
        } else {
            await #expect(throws: StoreError.refused(.forkedFromAnchor(path: fixture.anchor, anchored: 20))) {
                try await fixture.startAndClose()
            }
        }
    }

    private static func entries(_ fixture: Fixture) async throws -> [LogEntry] {
        let store = try fixture.open()
        let entries = try await store.read { reader throws(StoreError) in try reader.entries() }
        await store.close()
        return entries
    }

    @Test("every batch's head extends the one before", arguments: Engine.available)
    func extends(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        var sizes: [Int64] = []
        for _ in 0..<4 {
            let events = [AuditEvent](repeating: Sample.event(), count: 3)
            try await store.write { _ throws(StoreError) in Audited<Void>.routine((), events: events) }
            let head = try #require(try await store.read { reader throws(StoreError) in try reader.logHead() })
            let entries = try await store.read { reader throws(StoreError) in try reader.entries()
            }
            #expect(head.root == MerkleTree.root(of: entries.map(\.leaf.hash)))
            sizes.append(head.size)
        }
        #expect(sizes == [3, 6, 9, 12])
    }

    @Test("an erased entry stays on the log without its record", arguments: Engine.available)
    func erased(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        _ = try await fixture.startAndClose(writing: 3)
        do {
            let connection = try Connection(path: fixture.path, mode: .readWrite)
            try connection.execute("UPDATE audit_entry SET salt = NULL, record = NULL WHERE id = 1")
        }
        let store = try await fixture.start()
        let (entries, listings) = try await store.read { reader throws(StoreError) in
            (try reader.entries(), try reader.auditListings(AuditFilter(), PageRequest()).items)
        }
        #expect(entries.map { $0.content != nil } == [true, false, true])
        #expect(listings.map { $0.record != nil } == [true, false, true])
    }
}

extension Fixture {
    /// Starts the store, puts entries on the log and closes it.
    func startAndClose(writing count: Int = 0) async throws(StoreError) -> LogStart {
        let clock = self.clock
        let store = try Store.open(path: self.path, clock: { clock.now }, failStop: { fatalError($0) })
        guard let key = try? Fixture.signingKey else { throw .corrupt("the test's key") }
        let start: LogStart
        do throws(StoreError) {
            start = try await store.startLog(signingKey: key, anchor: self.anchor)
        } catch {
            await store.close()
            throw error
        }
        for _ in 0..<count { try await store.write { _ throws(StoreError) in Audited((), Sample.event()) } }
        await store.close()
        return start
    }
}
