import BitLocker
import EscrowModel
import EscrowStore
import Testing

@Suite("Volumes")
struct VolumeTests {
    @Test("a volume comes back as it was stored", arguments: Engine.available)
    func roundTrip(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let status = EscrowStatus(.pending, .awaitingDeposit, since: Sample.start)
        var report = Sample.report(10)
        report.protectors = ReportedProtector.Kind.allCases.enumerated().map {
            ReportedProtector(id: Sample.id(UInt64(100 + $0.offset)), kind: $0.element)
        }
        let wanted = report
        let (device, volume) = try await store.changing { tx throws(StoreError) in
            let device = try tx.insert(Sample.device(1))
            return (device, try tx.insert(wanted, of: device, status: status))
        }
        #expect(volume.report == wanted)
        #expect(volume.status == status)
        let found = try await store.read { reader throws(StoreError) in
            (
                try reader.volume(Sample.id(10), of: device), try reader.volume(row: volume.row),
                try reader.volumes(of: device), try reader.volume(Sample.id(11), of: device)
            )
        }
        #expect(found.0 == volume)
        #expect(found.1 == volume)
        #expect(found.2 == [volume])
        #expect(found.3 == nil)
    }

    @Test("every part of a volume that may change does", arguments: Engine.available)
    func update(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        var volume = try await store.changing { tx throws(StoreError) in
            try tx.insert(
                Sample.report(10),
                of: try tx.insert(Sample.device(1)),
                status: EscrowStatus(.pending, .awaitingDeposit, since: Sample.start)
            )
        }
        volume.report = VolumeReport(
            id: volume.id,
            kind: .removableData,
            protection: .suspended,
            encryptedPercentage: 7
        )
        volume.isPresent = false
        volume.status = EscrowStatus(.failed, .proofRefuted, since: Sample.start + .seconds(1))
        volume.deadline = Sample.start + .seconds(2)
        volume.failure = VolumeFailure(reason: .proofRefuted, at: Sample.start + .seconds(3), detail: "wrongPassword")
        volume.highestNonce = .max
        let changed = volume
        try await store.changing { tx throws(StoreError) in try tx.update(changed) }
        #expect(try await store.read { reader throws(StoreError) in try reader.volume(row: changed.row) } == changed)
        volume.failure = nil
        volume.deadline = nil
        volume.report.label = "D:"
        let again = volume
        try await store.changing { tx throws(StoreError) in try tx.update(again) }
        #expect(try await store.read { reader throws(StoreError) in try reader.volume(row: again.row) } == again)
    }

    @Test("a volume ID stands once on its device, and may stand on another", arguments: Engine.available)
    func unique(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let status = EscrowStatus(.pending, .awaitingDeposit, since: Sample.start)
        let device = try await store.changing { tx throws(StoreError) in
            let first = try tx.insert(Sample.device(1))
            let second = try tx.insert(Sample.device(2))
            _ = try tx.insert(Sample.report(10), of: first, status: status)
            _ = try tx.insert(Sample.report(10), of: second, status: status)
            return first
        }
        await #expect(throws: StoreError.constraint(.volumeID)) {
            try await store.changing { tx throws(StoreError) in
                _ = try tx.insert(Sample.report(10), of: device, status: status)
            }
        }
    }

    @Test("uploaded metadata is kept and replaced", arguments: Engine.available)
    func metadata(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let volume = try await store.changing { tx throws(StoreError) in
            try tx.insert(
                Sample.report(10),
                of: try tx.insert(Sample.device(1)),
                status: EscrowStatus(.pending, .awaitingDeposit, since: Sample.start)
            )
        }
        func metadata() async throws -> [UInt8]? {
            try await store.read { reader throws(StoreError) in try reader.metadata(of: volume) }
        }
        #expect(try await metadata() == nil)
        for bytes in [[UInt8](repeating: 3, count: 66_048), [], [1]] {
            try await store.changing { tx throws(StoreError) in try tx.setMetadata(bytes, of: volume) }
            #expect(try await metadata() == bytes)
        }
    }

    @Test(
        "pending volumes are found once their deadline has come, the longest overdue first",
        arguments: Engine.available
    )
    func deadlines(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let volumes = try await store.changing { tx throws(StoreError) in
            let device = try tx.insert(Sample.device(1))
            var volumes: [Volume] = []
            for number in 0..<5 as Range<UInt64> {
                var volume = try tx.insert(
                    Sample.report(10 + number),
                    of: device,
                    status: EscrowStatus(number == 3 ? .failed : .pending, .awaitingDeposit, since: Sample.start)
                )
                volume.deadline = number == 4 ? nil : Sample.start - .seconds(Int64(number))
                try tx.update(volume)
                volumes.append(volume)
            }
            return volumes
        }
        func overdue(_ now: Timestamp, _ limit: Int = 10) async throws -> [Volume] {
            try await store.read { reader throws(StoreError) in try reader.volumesPastDeadline(now, limit: limit) }
        }
        #expect(try await overdue(Sample.start) == [volumes[2], volumes[1], volumes[0]])
        #expect(try await overdue(Sample.start, 1) == [volumes[2]])
        #expect(try await overdue(Sample.start - .seconds(2)) == [volumes[2]])
        #expect(try await overdue(Sample.start - .seconds(3)).isEmpty)
    }
}
