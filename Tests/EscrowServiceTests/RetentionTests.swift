import BitLocker
import EscrowModel
import EscrowService
import EscrowStore
import Foundation
import Testing

@Suite("Retention")
struct RetentionTests {
    @Test(
        "a retired device's keys are destroyed after their retention, to the last byte in the files; the record stays",
        arguments: Engine.available
    )
    func retired(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let device = try await TestDevice(in: escrow, volumes: [try TestVolume()])
        let other = try await TestDevice(in: escrow, volumes: [try TestVolume()], name: "LAPTOP-2")
        try await device.settle()
        try await other.settle()
        let id = device.id
        let (sealed, metadata) = try await escrow.store.read { reader throws(StoreError) in
            guard let found = try reader.device(id), let volume = try reader.volumes(of: found).first,
                let key = try reader.keys(of: volume).first
            else { throw .corrupt("the test's database") }
            return (try reader.sealed(key) ?? [], try reader.metadata(of: volume) ?? [])
        }
        #expect(!sealed.isEmpty && !metadata.isEmpty)
        #expect(try Self.files(of: escrow).contains { $0.range(of: Data(sealed.suffix(64))) != nil })

        _ = try await escrow.service.retire(device.id, by: escrow.console)
        _ = try await escrow.service.setLegalHold(true, on: device.id, by: escrow.console)
        escrow.wait(.days(364))
        #expect(try await escrow.service.purgeKeys() == 0)
        escrow.wait(.days(2))
        #expect(try await escrow.service.purgeKeys() == 0, "the legal hold keeps them")
        _ = try await escrow.service.setLegalHold(false, on: device.id, by: escrow.console)
        #expect(try await escrow.service.purgeKeys() == 1)
        #expect(try await escrow.service.purgeKeys() == 0)
        let seen = try await device.seen()
        #expect(seen.volumes[0].keys.map(\.state) == [.purged])
        #expect(seen.device.keysPurgeAfter == nil)
        #expect(try await other.seen().volumes[0].keys.map(\.state) == [.active])
        #expect(try await escrow.count(.keyPurged) == 1)

        #expect(try await escrow.store.checkpoint())
        for file in try Self.files(of: escrow) {
            #expect(file.range(of: Data(sealed.suffix(64))) == nil)
            #expect(file.range(of: Data(metadata.suffix(64))) == nil)
        }
    }

    @Test("a device that enrols again keeps its keys", arguments: Engine.available)
    func enrolledAgain(engine: Engine) async throws {
        let escrow = try await Escrow(engine) { $0.retiredRetention = .days(1) }
        let device = try await TestDevice(in: escrow, volumes: [try TestVolume()])
        try await device.settle()
        #expect(try await escrow.service.retire(device.id, by: escrow.console).keysPurgeAfter == escrow.now + .days(1))
        let token = try await escrow.service.createEnrolmentToken(
            name: "again",
            group: "berlin",
            maximumUses: 1,
            expiresAt: nil,
            by: escrow.console
        ).secret
        _ = try await escrow.service.enrol(
            Enrolment(device: device.id, facts: device.facts, credential: [1, 2, 3]),
            token: token,
            source: Source(address: "192.0.2.1")
        )
        escrow.wait(.days(2))
        #expect(try await escrow.service.purgeKeys() == 0)
        #expect(try await device.seen().volumes[0].keys.map(\.state) == [.active])
    }

    @Test("with no retention set, a retired device's keys stay for good", arguments: Engine.available)
    func forGood(engine: Engine) async throws {
        let escrow = try await Escrow(engine) { $0.retiredRetention = nil }
        let device = try await TestDevice(in: escrow, volumes: [try TestVolume()])
        try await device.settle()
        _ = try await escrow.service.retire(device.id, by: escrow.console)
        escrow.wait(.days(5000))
        #expect(try await escrow.service.purgeKeys() == 0)
    }

    private static func files(of escrow: Escrow) throws -> [Data] {
        try ["sparekey.db", "sparekey.db-wal"].map { escrow.directory.appending(path: $0) }
            .filter { FileManager.default.fileExists(atPath: $0.path) }
            .map { try Data(contentsOf: $0) }
    }
}
