import BitLocker
import EscrowModel
import EscrowStore
import Testing

@Suite("Devices")
struct DeviceTests {
    @Test("a device comes back as it was stored, by ID and by row", arguments: Engine.available)
    func roundTrip(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let inserted = try await store.changing { tx throws(StoreError) in
            try tx.insert(Sample.device(1, name: "Büro-PC ⚙︎", owner: "Ada@Example.com"))
        }
        #expect(inserted.status == EscrowStatus(.notAvailable, .noVolume, since: Sample.start))
        #expect(inserted.state == .active)
        #expect(!inserted.isOnLegalHold)
        let found = try await store.read { reader throws(StoreError) in
            (try reader.device(inserted.id), try reader.device(row: inserted.row), try reader.device(Sample.id(99)))
        }
        #expect(found.0 == inserted)
        #expect(found.1 == inserted)
        #expect(found.2 == nil)
    }

    @Test("every part of a device that may change does, optional ones to nothing too", arguments: Engine.available)
    func update(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        var device = try await store.changing { tx throws(StoreError) in
            try tx.insert(Sample.device(1, owner: "ada@example.com"))
        }
        device.facts = DeviceFacts(name: "NEW")
        device.group = "sales"
        device.state = .retired
        device.credential = [1, 2, 3]
        device.lastSeenAt = Sample.start + .hours(1)
        device.status = EscrowStatus(.failed, .protectorMismatch, since: Sample.start + .minutes(5))
        device.isOnLegalHold = true
        let changed = device
        try await store.changing { tx throws(StoreError) in try tx.update(changed) }
        let found = try await store.read { reader throws(StoreError) in try reader.device(changed.id) }
        #expect(found == changed)
        device.facts = DeviceFacts(name: "NEW", serial: "S", owner: "O", operatingSystem: "W")
        let again = device
        try await store.changing { tx throws(StoreError) in try tx.update(again) }
        #expect(try await store.read { reader throws(StoreError) in try reader.device(again.id) } == again)
    }

    @Test("a device ID enrols once", arguments: Engine.available)
    func unique(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        try await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(1)) }
        await #expect(throws: StoreError.constraint(.deviceID)) {
            try await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(1)) }
        }
    }

    @Test("an update of a device that is not there is refused", arguments: Engine.available)
    func missing(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let device = try await store.changing { tx throws(StoreError) in try tx.insert(Sample.device(1)) }
        let ghost = Device(
            row: device.row + 1,
            id: device.id,
            facts: device.facts,
            group: device.group,
            state: device.state,
            credential: device.credential,
            enrolledAt: device.enrolledAt,
            lastSeenAt: device.lastSeenAt,
            status: device.status,
            isOnLegalHold: device.isOnLegalHold
        )
        await #expect(throws: StoreError.constraint(.reference)) {
            try await store.changing { tx throws(StoreError) in try tx.update(ghost) }
        }
    }

    @Test("devices in use are counted by status and group, through every change", arguments: Engine.available)
    func counts(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        var devices = try await store.changing { tx throws(StoreError) in
            var devices: [Device] = []
            for number in 1...6 as ClosedRange<UInt64> {
                devices.append(try tx.insert(Sample.device(number, group: number % 2 == 0 ? "even" : "odd")))
            }
            return devices
        }
        devices[0].status = EscrowStatus(.escrowed, .none, since: Sample.start)
        devices[1].status = EscrowStatus(.failed, .deadlinePassed, since: Sample.start)
        devices[2].state = .retired
        devices[3].group = "odd"
        devices[3].status = EscrowStatus(.pending, .awaitingDeposit, since: Sample.start)
        let changed = devices
        try await store.changing { tx throws(StoreError) in
            for device in changed { try tx.update(device) }
            // Nothing changes, and nothing is counted twice.
            for device in changed { try tx.update(device) }
        }
        func counts(_ scope: Scope) async throws -> [EscrowStatus.State: Int] {
            try await store.read { reader throws(StoreError) in try reader.statusCounts(scope: scope) }
        }
        #expect(try await counts(.everything) == [.escrowed: 1, .failed: 1, .pending: 1, .notAvailable: 2])
        #expect(try await counts(.groups(["odd"])) == [.escrowed: 1, .failed: 0, .pending: 1, .notAvailable: 1])
        #expect(
            try await counts(.groups(["even", "none"])) == [.escrowed: 0, .failed: 1, .pending: 0, .notAvailable: 1]
        )
        #expect(try await counts(.groups([])) == [.escrowed: 0, .failed: 0, .pending: 0, .notAvailable: 0])
    }
}
