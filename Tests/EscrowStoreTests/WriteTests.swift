import AuditLog
import BitLocker
import Dispatch
import EscrowModel
import EscrowStore
import Testing

@Suite("Writes")
struct WriteTests {
    @Test("a committed write is there with its event", arguments: Engine.available)
    func commit(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let device = try await store.write { tx throws(StoreError) in
            let device = try tx.insert(Sample.device(1))
            return Audited(device, Sample.event(device: device.id))
        }
        let found = try await store.read { reader throws(StoreError) in
            (try reader.device(device.id), try reader.entries())
        }
        #expect(found.0 == device)
        #expect(found.1.map(\.leaf.kind) == ["device.enrolled"])
    }

    @Test(
        "a write that throws leaves neither its change nor its event, and the others of its batch stay",
        arguments: Engine.available
    )
    func rollBack(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let results = try await store.inOneBatch(9) { tx, number throws(StoreError) in
            let device = try tx.insert(Sample.device(UInt64(number)))
            if number == 3 { throw .constraint(.other) }
            // An ID that another operation of the batch has used.
            if number == 7 { _ = try tx.insert(Sample.device(6)) }
            return Audited(device.id, Sample.event(device: device.id))
        }
        #expect(results[3] == .failure(.constraint(.other)))
        #expect(results[7] == .failure(.constraint(.deviceID)))
        let kept = [0, 1, 2, 4, 5, 6, 8]
        for number in kept { #expect(results[number] == .success(Sample.id(UInt64(number)))) }
        let found = try await store.read { reader throws(StoreError) in
            var devices: [Bool] = []
            for number in 0..<9 { devices.append(try reader.device(Sample.id(UInt64(number))) != nil) }
            return (devices, try reader.auditListings(AuditFilter(), PageRequest()).items)
        }
        #expect(found.0 == (0..<9).map { kept.contains($0) })
        // The batch was one: one checkpoint covers it, after the entry that held it up.
        #expect(found.1.map(\.index) == (0...Int64(kept.count)).reversed())
        let checkpoints = try await store.read { reader throws(StoreError) in try reader.checkpoints(after: 0, limit: 9)
        }
        #expect(checkpoints.map(\.size) == [1])
    }

    @Test("an operation that goes on after a failed verb is undone all the same", arguments: Engine.available)
    func swallowedError(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        try await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(1)) }
        await #expect(throws: StoreError.constraint(.deviceID)) {
            try await store.write { tx throws(StoreError) in
                _ = try tx.insert(Sample.device(2))
                do { _ = try tx.insert(Sample.device(1)) } catch {}
                return Audited((), Sample.event())
            }
        }
        let found = try await store.read { reader throws(StoreError) in
            (try reader.device(Sample.id(2)), try reader.logHead()?.size)
        }
        #expect(found.0 == nil)
        #expect(found.1 == 1)
        // And what comes after is not held against it.
        try await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(2)) }
    }

    @Test("a routine write without events changes nothing of the log", arguments: Engine.available)
    func routine(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let device = try await store.changing { tx throws(StoreError) in try tx.insert(Sample.device(1)) }
        let before = try await store.read { reader throws(StoreError) in try reader.logHead() }
        var seen = device
        seen.lastSeenAt = Sample.start + .hours(5)
        let changed = seen
        try await store.write { tx throws(StoreError) in
            try tx.update(changed)
            return Audited<Void>.routine(())
        }
        let found = try await store.read { reader throws(StoreError) in
            (try reader.logHead(), try reader.device(changed.id))
        }
        #expect(found.0 == before)
        #expect(found.1 == changed)
    }

    @Test("a write whose task is cancelled still commits, before and while it waits", arguments: Engine.available)
    func cancellation(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<50 as Range<UInt64> {
                group.addTask {
                    let task = Task {
                        try await store.write { tx throws(StoreError) in
                            let device = try tx.insert(Sample.device(number))
                            return Audited((), Sample.event(device: device.id))
                        }
                    }
                    if number % 2 == 0 { await Task.yield() }
                    task.cancel()
                    _ = await task.result
                }
            }
        }
        let found = try await store.read { reader throws(StoreError) in
            (
                try reader.deviceListings(scope: .everything, PageRequest(limit: 100)).items.count,
                try reader.logHead()?.size
            )
        }
        #expect(found.0 == 50)
        #expect(found.1 == 50)
    }

    @Test(
        "forty concurrent writers never fork the log: indices are dense, and the head is the root over them",
        arguments: Engine.available
    )
    func concurrency(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        let store = try await fixture.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<40 as Range<UInt64> {
                group.addTask {
                    for number in 0..<10 as Range<UInt64> {
                        try await store.write { tx throws(StoreError) in
                            let device = try tx.insert(Sample.device(writer * 100 + number))
                            let event = Sample.event(device: device.id)
                            return number % 2 == 0 ? Audited((), event) : Audited((), event, event)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let (head, entries) = try await store.read { reader throws(StoreError) in
            (try reader.logHead(), try reader.entries())
        }
        let found = try #require(head)
        #expect(found.size == 600)
        #expect(entries.map(\.index) == Array(0..<600))
        #expect(Set(entries.map { $0.content?.salt }).count == 600, "no salt is used twice")
        #expect(MerkleTree.root(of: entries.map { $0.leaf.hash }) == found.root)
        let checkpoint = try Checkpoint(
            verifying: SignedNote(parsing: found.note),
            by: [Fixture.signingKey.verifierKey]
        )
        #expect(checkpoint == Checkpoint(origin: Fixture.origin, size: 600, root: found.root))
    }

    @Test(
        "nothing can be written before the log is started, and nothing without a record after",
        arguments: Engine.available
    )
    func beforeTheLog(engine: Engine) async throws {
        let store = try Fixture(engine).open()
        await #expect(throws: StoreError.unavailable(.logNotStarted)) {
            try await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(1)) }
        }
        await #expect(throws: StoreError.unavailable(.logNotStarted)) {
            try await store.write { tx throws(StoreError) in
                _ = try tx.insert(Sample.device(1))
                return Audited<Void>.routine(())
            }
        }
        let found = try await store.read { reader throws(StoreError) in try reader.device(Sample.id(1)) }
        #expect(found == nil)
        try await store.startLog(signingKey: Fixture.signingKey)
        await #expect(throws: StoreError.unavailable(.logStarted)) {
            try await store.bootstrap { tx throws(StoreError) in _ = try tx.insert(Sample.device(1)) }
        }
        await #expect(throws: StoreError.unavailable(.logStarted)) {
            try await store.startLog(signingKey: Fixture.signingKey)
        }
    }

    @Test("a closed store does what was asked before and refuses what comes after", arguments: Engine.available)
    func close(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        let store = try await fixture.start()
        let writes = (0..<20 as Range<UInt64>).map { number in
            Task { try await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(number)) } }
        }
        for write in writes { try await write.value }
        await store.close()
        await store.close()
        await #expect(throws: StoreError.unavailable(.closed)) {
            try await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(90)) }
        }
        await #expect(throws: StoreError.unavailable(.closed)) {
            try await store.read { reader throws(StoreError) in try reader.device(Sample.id(1)) }
        }
        #expect(try fixture.content(of: fixture.path + "-wal").isEmpty)
    }

    @Test("a read sees one state of the database, whatever is committed meanwhile", arguments: Engine.available)
    func snapshot(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let hasRead = DispatchSemaphore(value: 0)
        let hasWritten = DispatchSemaphore(value: 0)
        let reading = Task {
            try await store.read { reader throws(StoreError) in
                let before = try reader.device(Sample.id(1))
                hasRead.signal()
                hasWritten.wait()
                return (before, try reader.device(Sample.id(1)))
            }
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                hasRead.wait()
                continuation.resume()
            }
        }
        try await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(1)) }
        hasWritten.signal()
        let found = try await reading.value
        #expect(found.0 == nil)
        #expect(found.1 == nil)
        #expect(try await store.read { reader throws(StoreError) in try reader.device(Sample.id(1)) } != nil)
    }
}

extension Store {
    /// Runs operations in one batch: an operation before them holds the writer up until all of them wait.
    func inOneBatch<Value: Sendable>(
        _ count: Int,
        _ operation: @escaping @Sendable (Transaction, Int) throws(StoreError) -> Audited<Value>
    ) async throws -> [Result<Value, StoreError>] {
        let holds = DispatchSemaphore(value: 0)
        let goesOn = DispatchSemaphore(value: 0)
        let first = Task {
            try await self.write { _ throws(StoreError) in
                holds.signal()
                goesOn.wait()
                return Audited((), Sample.event())
            }
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                holds.wait()
                continuation.resume()
            }
        }
        let tasks = (0..<count).map { number in
            Task { () -> Result<Value, StoreError> in
                do throws(StoreError) {
                    return .success(try await self.write { tx throws(StoreError) in try operation(tx, number) })
                } catch {
                    return .failure(error)
                }
            }
        }
        try await Task.sleep(for: .milliseconds(200))
        goesOn.signal()
        try await first.value
        var results: [Result<Value, StoreError>] = []
        for task in tasks { results.append(await task.value) }
        return results
    }
}
