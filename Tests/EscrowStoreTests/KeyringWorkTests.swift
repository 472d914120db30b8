import EscrowModel
import EscrowStore
import Testing

@Suite("Sealing anew, and proofs that were put off")
struct KeyringWorkTests {
    /// Three keys of epoch 1 and one of epoch 2.
    private static func keys(in store: Store) async throws -> [EscrowedKey] {
        try await store.changing { tx throws(StoreError) in
            let (_, volume) = try tx.insertVolume(1)
            var keys: [EscrowedKey] = []
            for number in 1...4 as ClosedRange<UInt64> {
                var key = Sample.key(volume, protector: Sample.id(50 + number), sealed: [UInt8(number)])
                key.sealEpoch = number == 4 ? 2 : 1
                keys.append(try tx.insert(key))
            }
            return keys
        }
    }

    @Test(
        "What is of an earlier epoch is found in order, from any position, with what it is",
        arguments: Engine.available
    )
    func stale(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let keys = try await Self.keys(in: store)
        let found = try await store.read { reader throws(StoreError) in
            (
                try reader.staleSeals(before: 2, after: KeyringRewrap.start, limit: 10),
                try reader.staleSeals(before: 2, after: (1, keys[0].row), limit: 1),
                try reader.staleSeals(before: 3, after: (1, keys[2].row), limit: 10)
            )
        }
        #expect(found.0.map(\.row) == keys[0...2].map(\.row))
        #expect(found.0.map(\.sealed) == [[1], [2], [3]])
        #expect(found.0.first?.device == Sample.id(1))
        #expect(found.0.first?.protector == Sample.id(51))
        #expect(found.1.map(\.row) == [keys[1].row])
        #expect(found.2.map(\.row) == [keys[3].row])
    }

    @Test("A record is replaced only where it is still the one that was read", arguments: Engine.available)
    func compareAndSwap(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let keys = try await Self.keys(in: store)
        let seals = try await store.read { reader throws(StoreError) in
            try reader.staleSeals(before: 2, after: KeyringRewrap.start, limit: 10)
        }
        let first = try #require(seals.first)
        let second = seals[1]
        let replaced = try await store.changing { tx throws(StoreError) in
            try tx.purge(keys[1])
            return [
                try tx.replace(first, with: [9], epoch: 2), try tx.replace(first, with: [8], epoch: 2),
                try tx.replace(second, with: [9], epoch: 2),
            ]
        }
        #expect(replaced == [true, false, false])
        let after = try await store.read { reader throws(StoreError) in
            (
                try reader.sealed(keys[0]), try reader.sealed(keys[1]), try reader.sealedCount(ofEpochs: 1..<2),
                try reader.sealedCount(ofEpochs: 2..<3), try reader.sealedCount(ofEpochs: 0..<0)
            )
        }
        #expect(after.0 == [9])
        #expect(after.1 == nil)
        #expect(after.2 == 1)
        #expect(after.3 == 2)
        #expect(after.4 == 0)
    }

    @Test("How far it has come is kept", arguments: Engine.available)
    func progress(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        var store = try await fixture.start()
        #expect(try await store.read { reader throws(StoreError) in try reader.keyringRewrap() } == nil)
        var rewrap = KeyringRewrap(to: 3, at: Sample.start, total: 10)
        for finishedAt in [nil, Sample.start + .hours(1)] {
            rewrap.rewrapped += 4
            rewrap.failed += 1
            rewrap.position = (2, 77)
            rewrap.finishedAt = finishedAt
            try await store.changing { [rewrap] tx throws(StoreError) in try tx.set(rewrap) }
            await store.close()
            store = try await fixture.start()
            #expect(try await store.read { reader throws(StoreError) in try reader.keyringRewrap() } == rewrap)
        }
    }

    @Test("The keyring's seal epoch stands beside its document", arguments: Engine.available)
    func sealEpoch(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        #expect(try await store.read { reader throws(StoreError) in try reader.sealEpoch() } == nil)
        try await store.changing { tx throws(StoreError) in
            _ = try tx.setKeyringDocument([1], replacing: nil)
            _ = try tx.setKeyringDocument([2], sealEpoch: 2, replacing: 1)
            // Another generation is there by now.
            _ = try tx.setKeyringDocument([3], sealEpoch: 3, replacing: 1)
        }
        #expect(try await store.read { reader throws(StoreError) in try reader.sealEpoch() } == 2)
    }

    @Test("Proofs that were put off come in the order of deposit, each once", arguments: Engine.available)
    func backlog(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let keys = try await Self.keys(in: store)
        try await store.changing { tx throws(StoreError) in
            for key in [keys[2], keys[0]] { try tx.addToProofBacklog(key, metadata: [1]) }
            try tx.addToProofBacklog(keys[2], metadata: [2])
        }
        func backlog(after row: Int64) async throws -> [(key: EscrowedKey, metadata: [UInt8])] {
            try await store.read { reader throws(StoreError) in try reader.proofBacklog(after: row, limit: 10) }
        }
        #expect(try await backlog(after: 0).map(\.key) == [keys[0], keys[2]])
        #expect(try await backlog(after: keys[0].row).map(\.metadata) == [[2]])
        try await store.changing { tx throws(StoreError) in try tx.removeFromProofBacklog(keys[2]) }
        #expect(try await backlog(after: 0).map(\.key) == [keys[0]])
        let isIn = try await store.read { reader throws(StoreError) in
            (try reader.isInProofBacklog(keys[0]), try reader.isInProofBacklog(keys[2]))
        }
        #expect(isIn == (true, false))
    }
}
