import BitLocker
import EscrowModel
import EscrowStore
import Testing

@Suite("Rotations")
struct RotationTests {
    @Test("a rotation comes back at every step as it was stored", arguments: Engine.available)
    func roundTrip(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let (device, volume) = try await store.changing { tx throws(StoreError) in try tx.insertVolume(1) }
        var rotation = Sample.rotation(1, of: volume, idempotencyKey: "k")
        let asked = rotation
        try await store.changing { tx throws(StoreError) in try tx.insert(asked) }
        let events: [Rotation.Event?] = [
            nil, .delivered, .escrowed(newProtector: Sample.id(77)), .failed(reason: "deviceGaveUp"),
        ]
        for event in events {
            if let event {
                let fits = rotation.apply(event, at: Sample.start + .seconds(5), patience: .hours(1))
                #expect(fits)
            }
            let now = rotation
            try await store.changing { tx throws(StoreError) in try tx.update(now) }
            let found = try await store.read { reader throws(StoreError) in
                (
                    try reader.rotation(now.id), try reader.openRotation(of: volume),
                    try reader.lastRotation(of: volume), try reader.rotations(of: device, limit: 5),
                    try reader.rotation(of: volume, requestedBy: now.requestedBy, idempotencyKey: "k")
                )
            }
            #expect(found.0 == now)
            #expect(found.1 == (now.state.isOpen ? now : nil))
            #expect(found.2 == now)
            #expect(found.3 == [now])
            #expect(found.4 == now)
        }
    }

    @Test("a volume has one open rotation, and another once that is finished", arguments: Engine.available)
    func oneOpen(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let (device, volume) = try await store.changing { tx throws(StoreError) in try tx.insertVolume(1) }
        let first = Sample.rotation(1, of: volume)
        let second = Sample.rotation(2, of: volume)
        try await store.changing { tx throws(StoreError) in try tx.insert(first) }
        await #expect(throws: StoreError.constraint(.openRotation)) {
            try await store.changing { tx throws(StoreError) in try tx.insert(second) }
        }
        var finished = first
        let isCancelled = finished.apply(.cancelled, at: Sample.start, patience: .hours(1))
        #expect(isCancelled)
        let cancelled = finished
        try await store.changing { tx throws(StoreError) in
            try tx.update(cancelled)
            try tx.insert(second)
        }
        let found = try await store.read { reader throws(StoreError) in
            (try reader.rotations(of: device, limit: 5), try reader.rotations(of: device, limit: 1))
        }
        #expect(found.0 == [second, cancelled])
        #expect(found.1 == [second])
    }

    @Test("an ID and a caller's idempotency key are used once", arguments: Engine.available)
    func unique(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let volumes = try await store.changing { tx throws(StoreError) in
            var volumes: [Volume] = []
            for number in 1...3 as ClosedRange<UInt64> { volumes.append(try tx.insertVolume(number).1) }
            var rotation = Sample.rotation(1, of: volumes[0], idempotencyKey: "k")
            try tx.insert(rotation)
            _ = rotation.apply(.cancelled, at: Sample.start, patience: .hours(1))
            try tx.update(rotation)
            return volumes
        }
        await #expect(throws: StoreError.constraint(.rotationID)) {
            try await store.changing { tx throws(StoreError) in try tx.insert(Sample.rotation(1, of: volumes[1])) }
        }
        await #expect(throws: StoreError.constraint(.idempotencyKey)) {
            try await store.changing { tx throws(StoreError) in
                try tx.insert(Sample.rotation(2, of: volumes[0], idempotencyKey: "k"))
            }
        }
        // On another volume, by another caller, and without one, a key says nothing.
        try await store.changing { tx throws(StoreError) in
            try tx.insert(Sample.rotation(3, of: volumes[0], requestedBy: "client:2", idempotencyKey: "k"))
            try tx.insert(Sample.rotation(4, of: volumes[1], idempotencyKey: "k"))
            try tx.insert(Sample.rotation(5, of: volumes[2]))
        }
    }

    @Test("open rotations are found once their deadline has come", arguments: Engine.available)
    func deadlines(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let rotations = try await store.changing { tx throws(StoreError) in
            var rotations: [Rotation] = []
            for number in 1...3 as ClosedRange<UInt64> {
                let (_, volume) = try tx.insertVolume(number)
                var rotation = Sample.rotation(number, of: volume)
                rotation.deadline = Sample.start - .seconds(Int64(number))
                try tx.insert(rotation)
                if number == 2 {
                    _ = rotation.apply(.deadlinePassed, at: Sample.start, patience: .hours(1))
                    try tx.update(rotation)
                }
                rotations.append(rotation)
            }
            return rotations
        }
        let found = try await store.read { reader throws(StoreError) in
            (
                try reader.rotationsPastDeadline(Sample.start, limit: 5),
                try reader.rotationsPastDeadline(Sample.start, limit: 1),
                try reader.rotationsPastDeadline(Sample.start - .seconds(2), limit: 5)
            )
        }
        #expect(found.0 == [rotations[2], rotations[0]])
        #expect(found.1 == [rotations[2]])
        #expect(found.2 == [rotations[2]])
    }
}
