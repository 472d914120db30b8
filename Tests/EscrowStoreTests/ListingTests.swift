import BitLocker
import EscrowModel
import EscrowStore
import Testing

@Suite("Lists")
struct ListingTests {
    @Test(
        "the list of keys shows what a look at everything shows, for any filter, page by page",
        arguments: Engine.available,
        // With few rows to sort, lists are walked in their own order; with many, found by an index and sorted.
        [0, 5, 10_000]
    )
    func keys(engine: Engine, sortedRows: Int) async throws {
        let store = try await Fixture(engine).start()
        let population = try await store.changing { tx throws(StoreError) in
            try Population.make(150, seed: 7, in: tx)
        }
        var generator = SeededGenerator(state: UInt64(sortedRows))
        var shown = 0
        for round in 0..<400 {
            let filter = round == 0 ? KeyFilter(scope: .everything) : population.filter(&generator)
            let expected = population.listings(filter)
            let limit = 1 + generator.below(30)
            var found: [KeyListing] = []
            var page: PageRequest? = PageRequest(limit: limit)
            while let request = page {
                let part = try await store.read { reader throws(StoreError) in
                    reader.sortedRows = sortedRows
                    return try reader.keyListings(filter, request)
                }
                #expect(part.items.count <= limit)
                found += part.items
                page = part.next.map { PageRequest(after: $0, limit: limit) }
            }
            try #require(found == expected, "\(filter)")
            shown += found.count
        }
        // Not all filters may fit nothing.
        #expect(shown > 2000)
    }

    @Test(
        "the list of devices shows those of the scope with the name, page by page",
        arguments: Engine.available,
        [0, 10_000]
    )
    func devices(engine: Engine, sortedRows: Int) async throws {
        let store = try await Fixture(engine).start()
        let devices = try await store.changing { tx throws(StoreError) in
            var devices: [Device] = []
            for number in 0..<100 as Range<UInt64> {
                let name = (number % 3 == 0 ? "Lab-" : "LAPTOP-") + "\(number)"
                devices.append(
                    try tx.insert(Sample.device(number, name: name, group: Population.groups[Int(number % 3)]))
                )
            }
            return devices
        }
        for scope in [Scope.everything, .groups(["sales"]), .groups(["plant", "research"]), .groups([])] {
            for prefix in [nil, "la", "LAB", "laptop-1", "x", ""] {
                let expected = devices.filter {
                    scope.includes(group: $0.group) && $0.facts.name.lowercased().hasPrefix((prefix ?? "").lowercased())
                }
                var found: [Device] = []
                var page: PageRequest? = PageRequest(limit: 7)
                while let request = page {
                    let part = try await store.read { reader throws(StoreError) in
                        reader.sortedRows = sortedRows
                        return try reader.deviceListings(scope: scope, namePrefix: prefix, request)
                    }
                    found += part.items
                    page = part.next.map { PageRequest(after: $0, limit: 7) }
                }
                #expect(found == expected)
            }
        }
    }

    @Test("the current key of every volume is noted as `current` chooses it", arguments: Engine.available)
    func currentKey(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let volume = try await store.changing { tx throws(StoreError) in try tx.insertVolume(1).1 }
        func current() async throws -> EscrowedKey? {
            try await store.read { reader throws(StoreError) in
                try reader.keyListings(KeyFilter(scope: .everything), PageRequest()).items.first?.key
            }
        }
        #expect(try await current() == nil)
        var keys: [EscrowedKey] = []
        for number in 0..<4 {
            keys.append(
                try await store.changing { tx throws(StoreError) in
                    try tx.insert(
                        Sample.key(
                            volume,
                            protector: Sample.id(UInt64(50 + number)),
                            proof: .allCases[number % 3],
                            depositedAt: Sample.start + .seconds(Int64(number))
                        )
                    )
                }
            )
            #expect(try await current() == keys.current)
        }
        for index in [1, 3, 0, 2] {
            keys[index].supersede(at: Sample.start + .hours(1), retention: .days(1))
            let key = keys[index]
            try await store.changing { tx throws(StoreError) in try tx.update(key) }
            #expect(try await current() == keys.current)
        }
        for index in [3, 1, 2, 0] {
            keys[index].state = .purged
            let key = keys[index]
            try await store.changing { tx throws(StoreError) in try tx.purge(key) }
            #expect(try await current() == keys.current)
        }
    }

    @Test("a device's group goes with it to its volumes, and with that who sees them", arguments: Engine.available)
    func groupFollows(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        var (device, _) = try await store.changing { tx throws(StoreError) in try tx.insertVolume(1, group: "sales") }
        device.group = "plant"
        let moved = device
        try await store.changing { tx throws(StoreError) in try tx.update(moved) }
        func count(_ group: String) async throws -> Int {
            try await store.read { reader throws(StoreError) in
                try reader.keyListings(KeyFilter(scope: .groups([group])), PageRequest()).items.count
            }
        }
        #expect(try await count("sales") == 0)
        #expect(try await count("plant") == 1)
    }
}
