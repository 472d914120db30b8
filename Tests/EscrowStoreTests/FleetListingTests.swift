import BitLocker
import EscrowModel
import EscrowStore
import Testing

@Suite("The list of devices")
struct FleetListingTests {
    private static let groups = ["default", "plant", "sales"]

    /// Devices of which some are alike in all that orders and chooses them.
    private static func fill(_ store: Store, _ count: Int, seed: UInt64) async throws -> [Device] {
        try await store.changing { tx throws(StoreError) in
            var generator = SeededGenerator(state: seed)
            var devices: [Device] = []
            for number in 0..<count {
                var device = try tx.insert(
                    Sample.device(
                        UInt64(number + 1),
                        name: ["pc", "PC-1", "Äpfel", "lab", "lab-\(generator.below(40))"][generator.below(5)],
                        serial: "S\(number)",
                        owner: [nil, "ada@example.com", "bob@example.com"][generator.below(3)],
                        group: Self.groups[generator.below(3)]
                    )
                )
                let reason = EscrowStatus.Reason.allCases[generator.below(EscrowStatus.Reason.allCases.count)]
                device.status = EscrowStatus(reason.state, reason, since: Sample.start)
                device.lastSeenAt = Sample.start + .days(Int64(generator.below(60)))
                device.isOnLegalHold = generator.below(5) == 0
                device.state = generator.below(6) == 0 ? .retired : .active
                try tx.update(device)
                devices.append(device)
            }
            return devices
        }
    }

    private static func filter(_ generator: inout SeededGenerator) -> DeviceFilter {
        let scopes: [Scope] = [.everything, .everything, .groups(["sales"]), .groups(["sales", "plant"]), .groups([])]
        var filter = DeviceFilter(scope: scopes[generator.below(scopes.count)])
        if generator.below(3) == 0 { filter.text = ["p", "LAB", "ä", "ada", "S7", "x", "lab-1"][generator.below(7)] }
        if generator.below(3) == 0 { filter.status = EscrowStatus.State.allCases[generator.below(4)] }
        if generator.below(4) == 0 { filter.reason = EscrowStatus.Reason.allCases[generator.below(11)] }
        if generator.below(4) == 0 { filter.group = ["sales", "plant", "none"][generator.below(3)] }
        if generator.below(4) == 0 { filter.notSeenSince = Sample.start + .days(Int64(generator.below(60))) }
        filter.isOnLegalHold = generator.below(4) == 0
        filter.isRetired = generator.below(4) == 0
        filter.order = DeviceFilter.Order.allCases[generator.below(3)]
        return filter
    }

    private static func fits(_ device: Device, _ filter: DeviceFilter) -> Bool {
        if let text = filter.text?.lowercased() {
            let name = device.facts.name.lowercased()
            let owner = device.facts.owner?.lowercased() ?? ""
            guard name.hasPrefix(text) || owner.hasPrefix(text) || device.facts.serial == filter.text else {
                return false
            }
        }
        return filter.scope.includes(group: device.group) && (filter.group ?? device.group) == device.group
            && (filter.status ?? device.status.state) == device.status.state
            && (filter.reason ?? device.status.reason) == device.status.reason
            && device.lastSeenAt < (filter.notSeenSince ?? Timestamp(milliseconds: .max))
            && (!filter.isOnLegalHold || device.isOnLegalHold)
            && device.state == (filter.isRetired ? .retired : .active)
    }

    private static func ordered(_ devices: [Device], _ order: DeviceFilter.Order) -> [Device] {
        devices.sorted { left, right in
            switch order {
            case .name:
                let (one, other) = (Array(left.facts.name.lowercased().utf8), Array(right.facts.name.lowercased().utf8))
                return one == other ? left.row < right.row : one.lexicographicallyPrecedes(other)
            case .lastSeen:
                return (left.lastSeenAt.dayNumber, left.row) > (right.lastSeenAt.dayNumber, right.row)
            case .longestAway:
                return (left.lastSeenAt.dayNumber, left.row) < (right.lastSeenAt.dayNumber, right.row)
            }
        }
    }

    @Test(
        "it shows what a look at everything shows, in order, page by page, forward and back",
        arguments: Engine.available
    )
    func pages(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let devices = try await Self.fill(store, 160, seed: 3)
        var generator = SeededGenerator(state: 11)
        var shown = 0
        for round in 0..<400 {
            let filter = round == 0 ? DeviceFilter(scope: .everything) : Self.filter(&generator)
            let expected = Self.ordered(devices.filter { Self.fits($0, filter) }, filter.orderInForce)
            let limit = 1 + generator.below(20)
            var request: DevicePageRequest? = DevicePageRequest(limit: limit)
            var pages: [DevicePage] = []
            while let wanted = request {
                let page = try await store.read { reader throws(StoreError) in try reader.devices(filter, wanted) }
                #expect(page.items.count <= limit)
                pages.append(page)
                request = page.next.map { DevicePageRequest(.after($0), limit: limit) }
            }
            let found = pages.flatMap(\.items).map(\.row)
            #expect(found == expected.map(\.row), "\(filter)")
            shown += found.count
            // Each page back is the page that came before.
            for (before, page) in zip(pages, pages.dropFirst()) {
                guard let edge = page.previous else {
                    Issue.record("no way back: \(filter)")
                    break
                }
                let back = try await store.read { reader throws(StoreError) in
                    try reader.devices(filter, DevicePageRequest(.before(edge), limit: limit))
                }
                #expect(back.items == before.items, "\(filter)")
                #expect(back.next == page.previous.map { _ in before.next }, "\(filter)")
            }
            #expect(pages.first?.previous == nil)
            let counted = try await store.read { reader throws(StoreError) in
                try reader.count(filter, limit: 1000)
            }
            if filter.text == nil { #expect(counted == expected.count, "\(filter)") }
        }
        #expect(shown > 2000)
    }

    @Test("a device is found by a Key ID of any of its keys, and by its own ID", arguments: Engine.available)
    func keyID(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let protector = Sample.id(77)
        let device = try await store.changing { tx throws(StoreError) in
            let (device, volume) = try tx.insertVolume(1)
            _ = try tx.insertVolume(20)
            _ = try tx.insert(Sample.key(volume, protector: protector))
            return device
        }
        for text in [String(protector.description.prefix(8)), protector.description, device.id.description] {
            var filter = DeviceFilter(scope: .everything)
            filter.text = text
            let asked = filter
            let found = try await store.read { reader throws(StoreError) in
                try reader.devices(asked, DevicePageRequest()).items.map(\.id)
            }
            #expect(found == [device.id], "\(text)")
        }
    }

    @Test("a device is unproven for as long as a current key of a volume that is there is", arguments: Engine.available)
    func unproven(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        var filter = DeviceFilter(scope: .everything)
        filter.isUnproven = true
        let asked = filter
        func count() async throws -> Int {
            try await store.read { reader throws(StoreError) in
                try reader.devices(asked, DevicePageRequest()).items.count
            }
        }
        var volume = try await store.changing { [volume = try await Self.volume(store)] tx throws(StoreError) in
            _ = try tx.insert(Sample.key(volume, protector: Sample.id(5), proof: .unproven))
            return volume
        }
        #expect(try await count() == 1)
        volume.isPresent = false
        try await store.changing { [volume] tx throws(StoreError) in try tx.update(volume) }
        #expect(try await count() == 0)
        volume.isPresent = true
        try await store.changing { [volume] tx throws(StoreError) in try tx.update(volume) }
        #expect(try await count() == 1)
        try await store.changing { [volume] tx throws(StoreError) in
            _ = try tx.insert(Sample.key(volume, protector: Sample.id(5), version: 2, proof: .proven))
        }
        #expect(try await count() == 0)
    }

    private static func volume(_ store: Store) async throws -> Volume {
        try await store.changing { tx throws(StoreError) in try tx.insertVolume(1).1 }
    }

    @Test(
        "counts of reasons and statuses are what counting gives, and each day keeps its own",
        arguments: Engine.available
    )
    func counts(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let devices = try await Self.fill(store, 120, seed: 5).filter { $0.state == .active }
        let scopes: [Scope] = [.everything, .groups(["sales"]), .groups([])]
        try await store.changing { tx throws(StoreError) in _ = try tx.noteStatusHistory(day: 10) }
        for scope in scopes {
            let visible = devices.filter { scope.includes(group: $0.group) }
            let (reasons, days) = try await store.read { reader throws(StoreError) in
                (try reader.reasonCounts(scope: scope), try reader.statusHistory(scope: scope, since: 10))
            }
            for reason in EscrowStatus.Reason.allCases {
                #expect((reasons[reason] ?? 0) == visible.count { $0.status.reason == reason })
            }
            for state in EscrowStatus.State.allCases {
                #expect((days[10]?[state] ?? 0) == visible.count { $0.status.state == state })
            }
        }
        var changed = devices[0]
        changed.status = EscrowStatus(.failed, .proofRefuted, since: Sample.start)
        let device = changed
        let rows = try await store.changing { tx throws(StoreError) in
            try tx.update(device)
            return (try tx.noteStatusHistory(day: 10), try tx.noteStatusHistory(day: 10))
        }
        #expect(rows.1 == 0, "what is down already is not written again")
    }

    @Test("a view is kept under its name, for one person", arguments: Engine.available)
    func views(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let (first, after) = try await store.changing { tx throws(StoreError) in
            try tx.set(SavedView(name: "b", query: "status=failed"), of: "ada")
            try tx.set(SavedView(name: "a", query: "stale=yes"), of: "ada")
            try tx.set(SavedView(name: "b", query: "hold=yes"), of: "ada")
            try tx.set(SavedView(name: "c", query: "q=x"), of: "bob")
            let first = try tx.savedViews(of: "ada")
            let isGone = try tx.removeSavedView("a", of: "ada")
            let isNotThere = try tx.removeSavedView("c", of: "ada")
            return (first, (isGone, isNotThere, try tx.savedViews(of: "ada").count))
        }
        #expect(first.map(\.name) == ["a", "b"] && first[1].query == "hold=yes")
        #expect(after == (true, false, 1))
    }
}
