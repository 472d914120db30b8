import BitLocker
import EscrowModel
import EscrowService
import EscrowStore
import Testing

@Suite("Depositing keys")
struct DepositTests {
    @Test("a proven deposit makes the device escrowed", arguments: Engine.available)
    func proven(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        let protector = try volume.protectors()[0]
        let answer = try await device.checkIn()
        #expect(answer.status.state == .pending)
        #expect(answer.instructions.map(\.action) == [.deposit(protector: protector)])
        let receipt = try await device.deposit(protector, on: volume)
        #expect(receipt.isNew)
        #expect(receipt.key.proof == .proven)
        #expect(receipt.status.state == .escrowed)
        #expect(try await device.seen().device.status.state == .escrowed)
    }

    @Test(
        "a password that does not open the volume is failed, and the previous key is untouched",
        arguments: Engine.available
    )
    func refuted(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.settle()
        let before = try await device.seen().volumes[0].keys
        let new = try volume.add()
        let receipt = try await device.deposit(new, on: volume, digits: wrongDigits)
        #expect(receipt.key.proof == .refuted)
        #expect(receipt.key.proofReason == "wrongSecret")
        let seen = try await device.seen()
        #expect(seen.device.status.state == .failed)
        #expect(seen.device.status.reason == .proofRefuted)
        #expect(Array(seen.volumes[0].keys.dropFirst()) == before)
        // The right one makes it good.
        #expect(try await device.deposit(new, on: volume).status.state == .escrowed)
        #expect(try await escrow.count(.keyRefuted) == 1)
    }

    @Test("the same deposit again changes nothing", arguments: Engine.available)
    func idempotent(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.settle()
        let before = try await device.seen()
        let events = try await escrow.records().count
        for _ in 0..<3 {
            let again = try await device.deposit(try volume.protectors()[0], on: volume)
            #expect(!again.isNew)
        }
        #expect(try await device.seen() == before)
        #expect(try await escrow.records().count == events)
    }

    @Test("deposits of the same secret at the same time make one key", arguments: Engine.available)
    func concurrent(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.checkIn()
        let protector = try volume.protectors()[0]
        let digits = try volume.digits(of: protector)
        let (id, caller) = (volume.id, device.caller)
        let new = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    let password = try RecoveryPassword(parsing: digits)
                    let deposit = Deposit(
                        volume: id,
                        protector: protector,
                        secret: .recoveryPassword(password),
                        metadata: nil
                    )
                    return try await escrow.service.deposit(deposit, by: caller).isNew
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(new == 1)
        #expect(try await device.seen().volumes[0].keys.count == 1)
    }

    @Test("without metadata a secret is unproven, and pending where proof is required", arguments: Engine.available)
    func unproven(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.checkIn()
        let protector = try volume.protectors()[0]
        let receipt = try await device.deposit(protector, on: volume, metadata: .some(nil))
        #expect(receipt.key.proof == .unproven)
        #expect(receipt.status.reason == .awaitingProof)
        #expect(receipt.instructions.map(\.action) == [.deposit(protector: protector)])
        #expect(try await device.deposit(protector, on: volume).status.state == .escrowed)
        #expect(try await device.seen().volumes[0].keys.count == 1)
        #expect(try await escrow.count(.keyProven) == 1)
    }

    @Test("metadata older than what was seen proves nothing", arguments: Engine.available)
    func stale(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.checkIn()
        let first = try volume.protectors()[0]
        let (oldMetadata, oldDigits) = (try volume.upload(), try volume.digits(of: first))
        let second = try volume.add()
        try await device.deposit(second, on: volume)
        let replayed = try await device.deposit(first, on: volume, digits: oldDigits, metadata: oldMetadata)
        #expect(replayed.key.proof == .unproven)
        #expect(replayed.key.proofReason == "staleMetadata")
    }

    @Test("metadata of another volume, and noise, are refused by name", arguments: Engine.available)
    func badMetadata(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let (volume, other) = (try TestVolume(), try TestVolume())
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.checkIn()
        let protector = try volume.protectors()[0]
        for metadata in [try other.upload(), [1, 2, 3], []] {
            let error = await #expect(throws: EscrowError.self) {
                try await device.deposit(protector, on: volume, metadata: metadata)
            }
            guard case .invalid(field: "metadata", _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(try await device.seen().volumes[0].keys.isEmpty)
    }

    @Test("what never comes turns pending into failed", arguments: Engine.available)
    func deadline(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let device = try await TestDevice(in: escrow, volumes: [TestVolume()])
        try await device.checkIn()
        escrow.wait(.hours(23))
        #expect(try await escrow.service.enforceDeadlines() == 0)
        escrow.wait(.hours(1))
        #expect(try await escrow.service.enforceDeadlines() == 1)
        let status = try await device.seen().device.status
        #expect(status.state == .failed)
        #expect(status.reason == .deadlinePassed)
    }

    @Test(
        "a device that reports protectors which are not the escrowed ones is failed at once",
        arguments: Engine.available
    )
    func mismatch(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.settle()
        let old = try volume.protectors()[0]
        let new = try volume.add()
        try volume.remove(old)
        let answer = try await device.checkIn()
        #expect(answer.status.state == .failed)
        #expect(answer.status.reason == .protectorMismatch)
        #expect(answer.instructions.map(\.action) == [.deposit(protector: new)])
        try await device.settle()
        let seen = try await device.seen()
        #expect(seen.device.status.state == .escrowed)
        #expect(seen.volumes[0].keys.map(\.state) == [.active, .superseded])
    }

    @Test("only a volume that a check-in named takes deposits, and only of its own device", arguments: Engine.available)
    func unknownVolume(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        let protector = try volume.protectors()[0]
        await #expect(throws: EscrowError.self) { try await device.deposit(protector, on: volume) }
        try await device.checkIn()
        let stranger = try await TestDevice(in: escrow, volumes: [], name: "OTHER")
        await #expect(throws: EscrowError.self) { try await stranger.deposit(protector, on: volume) }
        #expect(try await device.seen().volumes[0].keys.isEmpty)
    }

    @Test("a volume that is not encrypted is not available", arguments: Engine.available)
    func notEncrypted(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let device = try await TestDevice(in: escrow, volumes: [])
        let report = VolumeReport(id: GUID(high: 4, low: 4), kind: .operatingSystem, protection: .off)
        let answer = try await device.checkIn([report])
        #expect(answer.status.state == .notAvailable)
        #expect(answer.status.reason == .bitLockerOff)
        #expect(answer.instructions.isEmpty)
    }

    @Test("a report that cannot be accepted is refused by field and changes nothing", arguments: Engine.available)
    func badReports(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let device = try await TestDevice(in: escrow, volumes: [])
        let good = VolumeReport(id: GUID(high: 4, low: 4), kind: .operatingSystem, protection: .off)
        var long = good
        long.label = String(repeating: "x", count: 256)
        var over = good
        over.encryptedPercentage = 101
        var twice = good
        twice.protectors = [.init(id: good.id, kind: .tpm), .init(id: good.id, kind: .tpm)]
        let cases: [([VolumeReport], [DeviceReport.Recovery], String)] = [
            ([good, good], [], "volumes[1].id"),
            ([long], [], "volumes[0].label"),
            ([over], [], "volumes[0].encryptedPercentage"),
            ([twice], [], "volumes[0].protectors"),
            ([good], [.init(volume: GUID(high: 5, low: 5), protector: nil)], "recoveries[0].volumeId"),
            (Array(repeating: good, count: 65), [], "volumes"),
        ]
        for (volumes, recoveries, field) in cases {
            let error = await #expect(throws: EscrowError.self) {
                try await device.checkIn(volumes, recoveries: recoveries)
            }
            guard case .invalid(let named, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(named == field)
        }
        #expect(try await device.seen().volumes.isEmpty)
    }
}
