import BitLocker
import EscrowModel
import EscrowService
import EscrowStore
import Testing

@Suite("Rotating keys")
struct RotationTests {
    @Test("a disclosed key is replaced, and the old one is kept and no longer opens", arguments: Engine.available)
    func afterDisclosure(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.settle()
        let old = try await escrow.service.reveal(
            device.id,
            key: nil,
            volume: nil,
            reason: DisclosureReason(code: .firmwareUpdate, ticket: "INC1", comment: nil),
            by: escrow.caller(.helpdesk)
        ).digits()
        #expect(try volume.opens(with: old))
        #expect(try await device.checkIn().instructions.isEmpty, "the caller still needs the key: the rotation waits")
        escrow.wait(.hours(2))
        try await device.settle()
        #expect(try !volume.opens(with: old))
        let seen = try await device.seen()
        #expect(seen.rotations.map(\.state) == [.completed])
        #expect(seen.rotations.map(\.trigger) == [.disclosed])
        #expect(seen.volumes[0].keys.map(\.state) == [.active, .superseded])
        #expect(seen.device.status.state == .escrowed)
        let superseded = seen.volumes[0].keys[1]
        let kept = try await escrow.service.reveal(
            device.id,
            key: superseded.protectorID,
            volume: nil,
            reason: DisclosureReason(code: .dataRecovery, ticket: nil, comment: nil),
            by: escrow.caller(.helpdesk)
        ).digits()
        #expect(kept == old)
    }

    @Test("a reported recovery has the key replaced at once", arguments: Engine.available)
    func afterRecovery(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.settle()
        let used = try volume.protectors()[0]
        let answer = try await device.checkIn(recoveries: [.init(volume: volume.id, protector: used)])
        #expect(answer.instructions.map(\.action) == [.addProtector(.recoveryPassword)])
        try await device.settle()
        #expect(try !volume.protectors().contains(used))
        #expect(try await device.seen().rotations.map(\.trigger) == [.recoveryUsed])
        #expect(try await escrow.count(.recoveryReported) == 1)
    }

    @Test("at every step at least one proven, escrowed key opens the volume", arguments: Engine.available)
    func neverWithoutAKey(engine: Engine) async throws {
        // Looking must not ask for rotations of its own here.
        let escrow = try await Escrow(engine) { $0.rotationDelayAfterDisclosure = nil }
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.settle()
        let old = try volume.protectors()[0]
        func opensWithEscrow() async throws -> Bool {
            for key in try await device.seen().volumes[0].keys where key.proof == .proven && key.state != .purged {
                let digits = try await escrow.service.reveal(
                    device.id,
                    key: key.protectorID,
                    volume: nil,
                    reason: DisclosureReason(code: .test, ticket: nil, comment: nil),
                    by: escrow.caller(.helpdesk)
                ).digits()
                if try volume.opens(with: digits) { return true }
            }
            return false
        }
        _ = try await escrow.service.requestRotation(
            device.id,
            volume: nil,
            trigger: .manual,
            idempotencyKey: nil,
            by: escrow.caller(.helpdesk)
        )
        #expect(try await opensWithEscrow())
        #expect(try await device.checkIn().instructions.map(\.action) == [.addProtector(.recoveryPassword)])
        #expect(try await device.seen().device.status.reason == .rotationUnderWay)
        // The device dies and is told the same again.
        #expect(try await device.checkIn().instructions.map(\.action) == [.addProtector(.recoveryPassword)])
        let new = try volume.add()
        #expect(try await opensWithEscrow())
        // It dies after adding and before depositing: it is asked for what it added, not for another.
        #expect(try await device.checkIn().instructions.map(\.action) == [.deposit(protector: new)])
        let receipt = try await device.deposit(new, on: volume)
        #expect(receipt.key.proof == .proven)
        #expect(receipt.instructions.map(\.action) == [.removeProtectors([old])])
        #expect(try await opensWithEscrow())
        // It dies after depositing and before removing.
        #expect(try await device.checkIn().instructions.map(\.action) == [.removeProtectors([old])])
        try volume.remove(old)
        #expect(try await opensWithEscrow())
        // It dies after removing and before saying so: the check-in says it.
        #expect(try await device.checkIn().instructions.isEmpty)
        #expect(try await opensWithEscrow())
        #expect(try await device.seen().rotations[0].state == .completed)
    }

    @Test(
        "a second request joins the open rotation; an idempotency key answers with the first",
        arguments: Engine.available
    )
    func joins(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.settle()
        func request(_ key: String?, _ trigger: Rotation.Trigger = .manual) async throws -> [GUID] {
            try await escrow.service.requestRotation(
                device.id,
                volume: nil,
                trigger: trigger,
                idempotencyKey: key,
                by: escrow.caller(.helpdesk)
            ).map(\.id)
        }
        let first = try await request("a")
        #expect(first.count == 1)
        #expect(try await request("a") == first)
        #expect(try await request(nil, .compromised) == first)
        try await device.settle()
        #expect(try await request("a") == first, "after it has ended, too")
        #expect(try await request("b") != first)
    }

    @Test("a rotation can be cancelled until the device has it", arguments: Engine.available)
    func cancels(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let device = try await TestDevice(in: escrow, volumes: [TestVolume()])
        try await device.settle()
        func request() async throws -> GUID {
            try await escrow.service.requestRotation(
                device.id,
                volume: nil,
                trigger: .manual,
                idempotencyKey: nil,
                by: escrow.caller(.helpdesk)
            )[0].id
        }
        let first = try await request()
        #expect(try await escrow.service.cancelRotation(first, by: escrow.caller(.helpdesk)).state == .cancelled)
        #expect(try await device.checkIn().instructions.isEmpty)
        let second = try await request()
        try await device.checkIn()
        await #expect(throws: EscrowError.self) {
            try await escrow.service.cancelRotation(second, by: escrow.caller(.helpdesk))
        }
    }

    @Test("a device that cannot rotate fails the rotation, and its key stays", arguments: Engine.available)
    func deviceFails(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.settle()
        let id = try await escrow.service.requestRotation(
            device.id,
            volume: nil,
            trigger: .manual,
            idempotencyKey: nil,
            by: escrow.caller(.administrator)
        )[0].id
        try await device.checkIn()
        try await escrow.service.reportInstruction(id, outcome: .failed(code: "0x80310060"), by: device.caller)
        let seen = try await device.seen()
        #expect(seen.rotations[0].state == .failed)
        #expect(seen.rotations[0].failure == "0x80310060")
        #expect(seen.device.status.state == .failed)
        #expect(seen.device.status.reason == .deviceReported)
        #expect(seen.volumes[0].keys.map(\.state) == [.active])
    }

    @Test(
        "what is never fetched expires, what is never finished fails, and the record says so",
        arguments: Engine.available
    )
    func deadlines(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let device = try await TestDevice(in: escrow, volumes: [TestVolume()])
        try await device.settle()
        func request() async throws {
            _ = try await escrow.service.requestRotation(
                device.id,
                volume: nil,
                trigger: .manual,
                idempotencyKey: nil,
                by: escrow.caller(.helpdesk)
            )
        }
        try await request()
        escrow.wait(.days(31))
        #expect(try await escrow.service.enforceDeadlines() == 1)
        #expect(try await device.seen().rotations[0].state == .expired)
        try await request()
        try await device.checkIn()
        escrow.wait(.hours(25))
        #expect(try await escrow.service.enforceDeadlines() >= 1)
        #expect(try await device.seen().rotations[0].state == .failed)
        #expect(try await device.seen().device.status.state == .escrowed, "the old key still opens the volume")
        #expect(try await escrow.count(.rotationExpired) == 1)
        #expect(try await escrow.count(.rotationFailed) == 1)
        #expect(try await escrow.service.enforceDeadlines() == 0)
    }
}
