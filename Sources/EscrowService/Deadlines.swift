package import EscrowModel
import EscrowPolicy
import EscrowStore

extension EscrowService {
    /// Turns what was awaited too long into failed or expired, a batch at a time. Safe to run on several servers.
    ///
    /// Returns how many volumes and rotations were moved on.
    @discardableResult
    package func enforceDeadlines(batch: Int = 200) async throws(EscrowError) -> Int {
        var total = 0
        while true {
            let moved = try await self.enforceOnce(batch: batch)
            total += moved
            guard moved == batch else { return total }
        }
    }

    private func enforceOnce(batch: Int) async throws(EscrowError) -> Int {
        let permit = self.permitOfTheSystem(.enforceDeadlines)
        let now = permit.now
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Int> in
            var events: [AuditEvent] = []
            let rotations = try transaction.rotationsPastDeadline(now, limit: batch)
            for rotation in rotations {
                guard let volume = try transaction.volume(row: rotation.volume) else { continue }
                events += try self.move(volume, in: transaction, permit) {
                    (transition, transaction) throws(StoreError) in
                    try transition.advance(.deadlinePassed, in: transaction)
                }
            }
            let volumes = try transaction.volumesPastDeadline(now, limit: batch - rotations.count)
            for volume in volumes {
                events += try self.move(volume, in: transaction, permit) { (_, _) throws(StoreError) in }
            }
            return .done(rotations.count + volumes.count, events)
        }
    }

    private func move(
        _ volume: Volume,
        in transaction: Transaction,
        _ permit: Permit,
        _ change: (inout VolumeTransition, Transaction) throws(StoreError) -> Void
    ) throws(StoreError) -> [AuditEvent] {
        guard var device = try transaction.device(row: volume.device) else { return [] }
        var transition = try self.transition(volume, of: device, in: transaction, permit)
        try change(&transition, transaction)
        try transition.settle(in: transaction)
        try self.refreshStatus(of: &device, at: permit.now, in: transaction)
        return transition.events
    }

    /// Destroys the ciphertext of superseded keys, and of all keys of retired devices, whose retention has ended and that no
    /// legal hold keeps; their records stay.
    ///
    /// Returns how many were purged.
    @discardableResult
    package func purgeKeys(batch: Int = 200) async throws(EscrowError) -> Int {
        var total = 0
        while true {
            let purged = try await self.purgeOnce(batch: batch)
            total += purged
            guard purged == batch else { break }
        }
        while true {
            let (devices, keys) = try await self.purgeRetiredOnce()
            total += keys
            guard devices == Self.retiredBatch else { return total }
        }
    }

    private static let retiredBatch = 50

    /// Destroys what is left of devices that are out of use, a batch of them.
    private func purgeRetiredOnce() async throws(EscrowError) -> (devices: Int, keys: Int) {
        let permit = self.permitOfTheSystem(.purgeKeys)
        guard
            try await self.snapshot({ (reader) throws(StoreError) in
                try !reader.devicesToPurge(permit.now, limit: 1).isEmpty
            })
        else { return (0, 0) }
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<(devices: Int, keys: Int)> in
            var events: [AuditEvent] = []
            let devices = try transaction.devicesToPurge(permit.now, limit: Self.retiredBatch)
            for var device in devices {
                for key in try transaction.keys(of: device) where key.state != .purged {
                    try transaction.purge(key)
                    events.append(
                        permit.event(
                            .keyPurged,
                            device: device,
                            volume: key.volumeID,
                            protector: key.protectorID,
                            detail: "deviceRetired"
                        )
                    )
                }
                device.keysPurgeAfter = nil
                try transaction.update(device)
            }
            return .done((devices.count, events.count), events)
        }
    }

    private func purgeOnce(batch: Int) async throws(EscrowError) -> Int {
        let permit = self.permitOfTheSystem(.purgeKeys)
        let now = permit.now
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Int> in
            var events: [AuditEvent] = []
            let keys = try transaction.purgeableKeys(now, limit: batch)
            for key in keys {
                try transaction.purge(key)
                let volume = try transaction.volume(row: key.volume)
                let device = try volume.map { (volume) throws(StoreError) in try transaction.device(row: volume.device)
                }
                events.append(
                    permit.event(.keyPurged, device: device ?? nil, volume: key.volumeID, protector: key.protectorID)
                )
            }
            return .done(keys.count, events)
        }
    }

    private func permitOfTheSystem(_ action: Action) -> Permit {
        Permit(action: action, caller: .system("maintenance"), rule: .system, now: self.clock())
    }
}
