import BitLocker
import EscrowModel
import EscrowStore
import Testing

@Suite("Keys")
struct KeyTests {
    @Test("a key comes back as it was stored, its secret and fingerprint too", arguments: Engine.available)
    func roundTrip(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let (device, volume, key) = try await store.changing { tx throws(StoreError) in
            let (device, volume) = try tx.insertVolume(1)
            return (device, volume, try tx.insert(Sample.key(volume, protector: Sample.id(50), sealed: [1, 2, 3])))
        }
        let found = try await store.read { reader throws(StoreError) in
            (
                try reader.keys(of: volume), try reader.keys(of: device), try reader.sealed(key),
                try reader.fingerprint(key)
            )
        }
        #expect(found.0 == [key])
        #expect(found.1 == [key])
        #expect(found.2 == [1, 2, 3])
        #expect(found.3 == [UInt8](repeating: 5, count: 32))
    }

    @Test("every part of a key that may change does", arguments: Engine.available)
    func update(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        var key = try await store.changing { tx throws(StoreError) in
            let (_, volume) = try tx.insertVolume(1)
            return try tx.insert(Sample.key(volume, protector: Sample.id(50), proof: .unproven))
        }
        func stored(_ key: EscrowedKey) async throws -> EscrowedKey? {
            try await store.changing { tx throws(StoreError) in try tx.update(key) }
            return try await store.read { reader throws(StoreError) in
                try reader.volume(row: key.volume).map { volume throws(StoreError) in try reader.keys(of: volume) }?
                    .first
            }
        }
        key.disclosedAt = Sample.start + .seconds(1)
        #expect(try await stored(key) == key)
        key.proof = .refuted
        key.proofReason = "wrongPassword"
        #expect(try await stored(key) == key)
        key.proof = .proven
        key.proofReason = nil
        key.provenAt = Sample.start + .seconds(2)
        #expect(try await stored(key) == key)
        key.supersede(at: Sample.start + .seconds(3), retention: .days(30))
        #expect(try await stored(key) == key)
        key.purgeAfter = Sample.start + .seconds(4)
        #expect(try await stored(key) == key)
    }

    @Test("a version of a protector's secret stands once on its volume", arguments: Engine.available)
    func unique(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let volume = try await store.changing { tx throws(StoreError) in
            let (_, volume) = try tx.insertVolume(1)
            _ = try tx.insert(Sample.key(volume, protector: Sample.id(50), version: 1))
            _ = try tx.insert(Sample.key(volume, protector: Sample.id(50), version: 2))
            return volume
        }
        await #expect(throws: StoreError.constraint(.keyVersion)) {
            try await store.changing { tx throws(StoreError) in
                _ = try tx.insert(Sample.key(volume, protector: Sample.id(50), version: 2))
            }
        }
    }

    @Test(
        "superseded keys can be purged after their retention, but for those on legal hold",
        arguments: Engine.available
    )
    func purgeable(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let keys = try await store.changing { tx throws(StoreError) in
            var keys: [EscrowedKey] = []
            for number in 1...3 as ClosedRange<UInt64> {
                var (device, volume) = try tx.insertVolume(number)
                if number == 2 {
                    device.isOnLegalHold = true
                    try tx.update(device)
                }
                var key = try tx.insert(Sample.key(volume, protector: Sample.id(50)))
                key.supersede(at: Sample.start, retention: .seconds(10 - Int64(number)))
                try tx.update(key)
                _ = try tx.insert(Sample.key(volume, protector: Sample.id(51)))
                keys.append(key)
            }
            return keys
        }
        func purgeable(_ now: Timestamp, _ limit: Int = 10) async throws -> [EscrowedKey] {
            try await store.read { reader throws(StoreError) in try reader.purgeableKeys(now, limit: limit) }
        }
        #expect(try await purgeable(Sample.start + .seconds(6)).isEmpty)
        #expect(try await purgeable(Sample.start + .seconds(9)) == [keys[2], keys[0]])
        #expect(try await purgeable(Sample.start + .seconds(9), 1) == [keys[2]])
        try await store.changing { tx throws(StoreError) in try tx.purge(keys[2]) }
        #expect(try await purgeable(Sample.start + .seconds(9)) == [keys[0]])
        let sealed = try await store.read { reader throws(StoreError) in try reader.sealed(keys[2]) }
        #expect(sealed == nil)
    }

    @Test("a purged key leaves nothing of its secret in any file", arguments: Engine.available)
    func nothingStaysBehind(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        let store = try await fixture.start()
        let marker = Array("the secret that must go, 48 digits of it".utf8)
        // Long enough to spill to pages of its own, too.
        let sealed = (0..<200).flatMap { _ in marker }
        let key = try await store.changing { tx throws(StoreError) in
            let (_, volume) = try tx.insertVolume(1)
            for number in 0..<20 as Range<UInt64> {
                _ = try tx.insert(Sample.key(volume, protector: Sample.id(100 + number)))
            }
            return try tx.insert(Sample.key(volume, protector: Sample.id(50), sealed: sealed))
        }
        #expect(fixture.holds(marker), "the test looks in the wrong place")
        try await store.changing { tx throws(StoreError) in
            try tx.purge(key)
        }
        // The writer wipes the write-ahead log after the answer, and again while a reader is in the way.
        let deadline = ContinuousClock.now + .seconds(10)
        while fixture.holds(marker), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
        #expect(!fixture.holds(marker))
    }
}

extension Transaction {
    /// A device with one volume.
    func insertVolume(_ number: UInt64, group: String = "default") throws(StoreError) -> (Device, Volume) {
        let device = try self.insert(Sample.device(number, group: group))
        let volume = try self.insert(
            Sample.report(1000 + 10 * number),
            of: device,
            status: EscrowStatus(.pending, .awaitingDeposit, since: Sample.start)
        )
        return (device, volume)
    }
}
