import BitLocker
import EscrowModel
import EscrowService
import EscrowStore
import Testing

@Suite("Leak response")
struct LeakResponseTests {
    static func settings(_ settings: inout EscrowSettings) {
        settings.isProofRequired = false
        settings.rotationDelayAfterDisclosure = .hours(1)
    }

    static func devices(_ count: Int, in escrow: Escrow, group: String = "berlin") async throws -> [TestDevice] {
        var devices: [TestDevice] = []
        for number in 0..<count {
            let volume = try TestVolume()
            let device = try await TestDevice(in: escrow, volumes: [volume], name: "PC-\(number)", group: group)
            try await device.settle()
            devices.append(device)
        }
        return devices
    }

    static func reveal(_ device: TestDevice, by caller: Caller, in escrow: Escrow) async throws {
        _ = try await escrow.service.reveal(
            device.id,
            key: nil,
            volume: nil,
            reason: DisclosureReason(code: .test, ticket: nil, comment: nil),
            by: caller
        )
    }

    @Test("what was disclosed to a caller since a time is replaced, and nothing else", arguments: Engine.available)
    func disclosedTo(engine: Engine) async throws {
        let escrow = try await Escrow(engine, Self.settings)
        let devices = try await Self.devices(4, in: escrow)
        let thief = escrow.caller(.helpdesk, name: "thief")
        try await Self.reveal(devices[0], by: thief, in: escrow)
        escrow.wait(.seconds(10))
        let since = escrow.now
        try await Self.reveal(devices[1], by: thief, in: escrow)
        try await Self.reveal(devices[1], by: thief, in: escrow)
        try await Self.reveal(devices[2], by: escrow.console, in: escrow)
        let old = try devices[1].volumes[0].protectors()
        let target = Compromise.Target.disclosedTo("thief", since: since)
        let preview = try await escrow.service.previewCompromise(of: target, by: escrow.console)
        #expect((preview.devices, preview.volumes, preview.keys) == (1, 1, 1))
        #expect(try await escrow.count(.compromiseStarted) == 0)

        let started = try await escrow.service.startCompromise(of: target, perMinute: 10, by: escrow.console)
        #expect(started.isNew)
        let joined = try await escrow.service.startCompromise(of: target, perMinute: 10, by: escrow.console)
        #expect(!joined.isNew && joined.compromise.id == started.compromise.id)
        #expect(try await escrow.service.continueCompromises() == 1)
        // The rotation that the disclosure had asked for an hour later is due now, for the graver reason.
        #expect(try await devices[1].seen().rotations.map(\.trigger) == [.compromised])
        for device in devices { try await device.settle() }
        #expect(try devices[1].volumes[0].protectors() != old)
        #expect(try await devices[1].seen().volumes[0].keys.map { $0.compromisedAt != nil } == [false, true])
        for device in [devices[0], devices[2], devices[3]] {
            #expect(try await device.seen().volumes[0].keys.allSatisfy { $0.compromisedAt == nil })
        }
        try await escrow.service.continueCompromises()
        let found = try await escrow.service.compromise(started.compromise.id, by: escrow.console)
        #expect(found.compromise.state == .ended)
        #expect(found.progress.volumes[.completed] == 1 && found.progress.total == 1)
        #expect(try await escrow.count(.compromiseEnded) == 1)
        #expect(try await escrow.count(.keyCompromised) == 1)
        let again = try await escrow.service.startCompromise(of: target, perMinute: 10, by: escrow.console)
        #expect(again.isNew, "the first has ended")
        #expect(try await escrow.service.continueCompromises() == 0, "what was replaced is passed over")
    }

    @Test("rotations are asked for in waves, and a retired device is not reachable", arguments: Engine.available)
    func waves(engine: Engine) async throws {
        let escrow = try await Escrow(engine, Self.settings)
        let devices = try await Self.devices(5, in: escrow)
        let other = try await Self.devices(1, in: escrow, group: "paris")
        _ = try await escrow.service.retire(devices[4].id, by: escrow.console)
        escrow.wait(.seconds(1))
        let id = try await escrow.service.startCompromise(of: .group("berlin"), perMinute: 2, by: escrow.console)
            .compromise.id
        for wave in 1...2 {
            #expect(try await escrow.service.continueCompromises(batch: 1) == 2)
            #expect(try await escrow.service.continueCompromises() == 0, "the wave is over")
            let progress = try await escrow.service.compromise(id, by: escrow.console).progress
            #expect(progress.volumes[.requested] == 2 * wave)
            escrow.wait(.minutes(1))
        }
        try await escrow.service.continueCompromises()
        var progress = try await escrow.service.compromise(id, by: escrow.console).progress
        #expect(progress.volumes[.notReachable] == 1 && progress.unheard == 4)
        for device in devices.prefix(4) { try await device.settle() }
        try await escrow.service.continueCompromises()
        let found = try await escrow.service.compromise(id, by: escrow.console)
        progress = found.progress
        #expect(found.compromise.state == .ended)
        #expect(progress.volumes[.completed] == 4 && progress.unheard == 0 && progress.total == 5)
        #expect(try await other[0].seen().rotations.isEmpty)
    }

    @Test("what fails is asked for three times, and what nobody fetches is not reachable", arguments: Engine.available)
    func failing(engine: Engine) async throws {
        let escrow = try await Escrow(engine, Self.settings)
        let devices = try await Self.devices(2, in: escrow)
        let id = try await escrow.service.startCompromise(of: .group("berlin"), perMinute: 10, by: escrow.console)
            .compromise.id
        for _ in 0..<3 {
            #expect(try await escrow.service.continueCompromises() > 0)
            let rotation = try #require(try await devices[0].checkIn().instructions.first)
            try await escrow.service.reportInstruction(
                rotation.id,
                outcome: .failed(code: "0x80310060"),
                by: devices[0].caller
            )
            escrow.wait(.minutes(1))
        }
        #expect(try await escrow.service.continueCompromises() == 0)
        var progress = try await escrow.service.compromise(id, by: escrow.console).progress
        #expect(progress.volumes[.failed] == 1 && progress.volumes[.requested] == 1)
        escrow.wait(.days(31))
        try await escrow.service.enforceDeadlines()
        try await escrow.service.continueCompromises()
        let found = try await escrow.service.compromise(id, by: escrow.console)
        progress = found.progress
        #expect(progress.volumes[.notReachable] == 1 && found.compromise.state == .ended)
    }

    @Test(
        "it is for administrators, a group for those with the whole fleet, and can be called off",
        arguments: Engine.available
    )
    func access(engine: Engine) async throws {
        let escrow = try await Escrow(engine, Self.settings)
        let devices = try await Self.devices(2, in: escrow)
        let berlin = escrow.caller(.administrator, scope: .groups(["berlin"]))
        let paris = escrow.caller(.administrator, scope: .groups(["paris"]))
        await #expect(throws: EscrowError.denied) {
            _ = try await escrow.service.startCompromise(of: .group("berlin"), perMinute: 1, by: berlin)
        }
        await #expect(throws: EscrowError.notFound) {
            _ = try await escrow.service.startCompromise(of: .device(devices[0].id), perMinute: 1, by: paris)
        }
        await #expect(throws: EscrowError.denied) {
            let helpdesk = escrow.caller(.helpdesk)
            _ = try await escrow.service.startCompromise(of: .device(devices[0].id), perMinute: 1, by: helpdesk)
        }
        let target = Compromise.Target.device(devices[0].id)
        let id = try await escrow.service.startCompromise(of: target, perMinute: 1, by: berlin).compromise.id
        for _ in 0..<2 {
            #expect(try await escrow.service.cancelCompromise(id, by: berlin).state == .cancelled)
        }
        #expect(try await escrow.count(.compromiseCancelled) == 1)
        #expect(try await escrow.service.continueCompromises() == 0)
        #expect(try await devices[0].seen().rotations.isEmpty)
        #expect(try await escrow.service.compromises(by: escrow.console).map(\.compromise.id) == [id])
        await #expect(throws: EscrowError.notFound) {
            _ = try await escrow.service.compromise(GUID(high: 1, low: 1), by: escrow.console)
        }
    }
}
