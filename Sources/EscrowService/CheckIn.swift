package import BitLocker
package import EscrowModel
import EscrowStore

/// What a device says at a check-in: all that it knows, each time.
package struct DeviceReport: Equatable, Sendable {
    /// A recovery that took place.
    package struct Recovery: Equatable, Sendable {
        /// The volume that was unlocked.
        package var volume: GUID
        /// The protector that unlocked it, where it is known.
        package var protector: GUID?

        /// Makes a recovery from its parts.
        package init(volume: GUID, protector: GUID?) {
            self.volume = volume
            self.protector = protector
        }
    }

    /// What the device says of itself.
    package var facts: DeviceFacts
    /// Every encryptable volume.
    package var volumes: [VolumeReport]
    /// Recoveries since the last check-in that was answered.
    package var recoveries: [Recovery]

    /// Makes a report from its parts.
    package init(facts: DeviceFacts, volumes: [VolumeReport], recoveries: [Recovery]) {
        self.facts = facts
        self.volumes = volumes
        self.recoveries = recoveries
    }

    /// Throws `EscrowError.invalid` naming the first field that cannot be accepted.
    func validate() throws(EscrowError) {
        try self.facts.validate()
        guard self.volumes.count <= Limits.volumes else {
            throw .invalid(field: "volumes", problem: "must be at most \(Limits.volumes)")
        }
        var seen: Set<GUID> = []
        for (index, volume) in self.volumes.enumerated() {
            let field = "volumes[\(index)]"
            guard seen.insert(volume.id).inserted else {
                throw .invalid(field: "\(field).id", problem: "is named twice")
            }
            if let label = volume.label { try Limits.check(text: label, field: "\(field).label") }
            guard (0...100).contains(volume.encryptedPercentage) else {
                throw .invalid(field: "\(field).encryptedPercentage", problem: "must be 0 to 100")
            }
            guard volume.protectors.count <= Limits.protectors else {
                throw .invalid(field: "\(field).protectors", problem: "must be at most \(Limits.protectors)")
            }
            guard Set(volume.protectors.map(\.id)).count == volume.protectors.count else {
                throw .invalid(field: "\(field).protectors", problem: "name a protector twice")
            }
        }
        guard self.recoveries.count <= Limits.volumes else {
            throw .invalid(field: "recoveries", problem: "must be at most \(Limits.volumes)")
        }
        for (index, recovery) in self.recoveries.enumerated() where !seen.contains(recovery.volume) {
            throw .invalid(field: "recoveries[\(index)].volumeId", problem: "is not one of the reported volumes")
        }
    }
}

extension DeviceFacts {
    /// Throws `EscrowError.invalid` naming the first field that cannot be accepted.
    func validate() throws(EscrowError) {
        try Limits.check(text: self.name, field: "name")
        if let serial = self.serial { try Limits.check(text: serial, field: "serial") }
        if let owner = self.owner { try Limits.check(text: owner, field: "owner") }
        if let system = self.operatingSystem { try Limits.check(text: system, field: "operatingSystem") }
    }
}

/// What a check-in is answered with.
package struct CheckInResult: Equatable, Sendable {
    /// Where escrow stands for the device.
    package let status: EscrowStatus
    /// What to do now, in this order.
    package let instructions: [Instruction]
    /// How long to wait before the next check-in.
    package let next: TimeSpan
}

extension EscrowService {
    /// Takes a device's report, moves its volumes' states on, and answers with what the device is to do.
    package func checkIn(_ report: DeviceReport, by caller: Caller) async throws(EscrowError) -> CheckInResult {
        try report.validate()
        let now = self.clock()
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<CheckInResult> in
            guard var device = try self.device(of: caller, in: transaction) else { return .refused(.notAuthenticated) }
            guard let permit = self.permit(.checkIn, by: caller, on: device, at: now) else {
                return self.refusal(of: .checkIn, by: caller, on: device)
            }
            var events: [AuditEvent] = []
            if device.facts != report.facts {
                device.facts = report.facts
                events.append(permit.event(.deviceChanged, device: device))
                // Before its volumes are touched: they carry its group.
                let placement = try transaction.placement(of: device)
                if let moved = try self.place(&device, placement, in: transaction, permit) { events.append(moved) }
            }
            let transitions = try self.take(report, of: device, in: transaction, permit)
            events += transitions.flatMap(\.events)
            let status = EscrowStatus.worst(of: transitions.map(\.volume).filter(\.isPresent).map(\.status))
            device.status = (status ?? EscrowStatus(.notAvailable, .noVolume, since: now)).following(device.status)
            device.lastSeenAt = now
            try transaction.update(device)
            let instructions = transitions.filter(\.volume.isPresent).flatMap { $0.instructions() }
            return .done(
                CheckInResult(status: device.status, instructions: instructions, next: self.settings.checkInInterval),
                events
            )
        }
    }

    /// The active device that a caller's credential names.
    func device(of caller: Caller, in transaction: Transaction) throws(StoreError) -> Device? {
        guard case .device(let id) = caller.identity, let device = try transaction.device(id), device.state == .active
        else { return nil }
        return device
    }

    /// Brings every volume of a device in line with its report.
    private func take(
        _ report: DeviceReport,
        of device: Device,
        in transaction: Transaction,
        _ permit: Permit
    ) throws(StoreError) -> [VolumeTransition] {
        let now = permit.now
        let known = try transaction.volumes(of: device)
        var transitions: [VolumeTransition] = []
        for volume in known where volume.isPresent && !report.volumes.contains(where: { $0.id == volume.id }) {
            var gone = try self.transition(volume, of: device, in: transaction, permit)
            gone.volume.isPresent = false
            try gone.settle(in: transaction)
            transitions.append(gone)
        }
        for reported in report.volumes {
            let volume: Volume
            if let existing = known.first(where: { $0.id == reported.id }) {
                volume = existing
            } else {
                let fresh = EscrowStatus(.notAvailable, .noVolume, since: now)
                volume = try transaction.insert(reported, of: device, status: fresh)
            }
            var transition = try self.transition(volume, of: device, in: transaction, permit)
            transition.volume.report = reported
            transition.volume.isPresent = true
            try self.takeRecoveries(report.recoveries, on: &transition, at: now, in: transaction)
            try self.rotateWhatIsDue(on: &transition, at: now, in: transaction)
            try self.moveRotationOn(of: &transition, at: now, in: transaction)
            try self.supersedeWhatIsGone(from: &transition, in: transaction)
            if transition.standing.isSettled { transition.volume.failure = nil }
            try transition.settle(in: transaction)
            transitions.append(transition)
        }
        return transitions
    }

    /// Records recoveries and asks for the rotation of what was used.
    private func takeRecoveries(
        _ recoveries: [DeviceReport.Recovery],
        on transition: inout VolumeTransition,
        at now: Timestamp,
        in transaction: Transaction
    ) throws(StoreError) {
        for recovery in recoveries where recovery.volume == transition.volume.id {
            transition.events.append(transition.event(.recoveryReported, protector: recovery.protector))
            guard let delay = self.settings.rotationDelayAfterRecovery else { continue }
            try self.requestRotation(
                .recoveryUsed,
                of: recovery.protector.map { [$0] },
                on: &transition,
                notBefore: now + delay,
                in: transaction
            )
        }
    }

    /// Asks anew for the rotation of keys that were seen and are still in use, and of keys that are too old.
    private func rotateWhatIsDue(
        on transition: inout VolumeTransition,
        at now: Timestamp,
        in transaction: Transaction
    ) throws(StoreError) {
        let reported = Set(transition.volume.report.protectors.map(\.id))
        let inUse = transition.keys.filter { $0.state == .active && reported.contains($0.protectorID) }
        guard transition.rotation == nil, !inUse.isEmpty else { return }
        let last = try transaction.lastRotation(of: transition.volume)
        if let ended = last?.finishedAt, now < ended + self.settings.rotationRetryDelay { return }
        let seen = inUse.filter { $0.disclosedAt != nil }
        // Where only a disclosure rule asked for it, its rotation was the last one, and did not get to its end.
        let delay = self.settings.rotationDelayAfterDisclosure ?? (last?.trigger == .disclosed ? .zero : nil)
        if let delay, let first = seen.compactMap(\.disclosedAt).min() {
            try self.requestRotation(
                .disclosed,
                of: seen.map(\.protectorID),
                on: &transition,
                notBefore: max(now, first + delay),
                in: transaction
            )
        } else if let age = self.settings.rotationAge, inUse.contains(where: { $0.depositedAt + age <= now }) {
            let old = inUse.filter { $0.depositedAt + age <= now }.map(\.protectorID)
            try self.requestRotation(.age, of: old, on: &transition, notBefore: now, in: transaction)
        }
    }

    /// Hands out a rotation that is due, and closes one whose old protectors are gone.
    private func moveRotationOn(
        of transition: inout VolumeTransition,
        at now: Timestamp,
        in transaction: Transaction
    ) throws(StoreError) {
        guard let rotation = transition.rotation else { return }
        let isGone = !transition.volume.report.protectors.contains { rotation.replaces.contains($0.id) }
        switch rotation.state {
        case .requested where isGone && !rotation.replaces.isEmpty:
            try transition.advance(.cancelled, in: transaction)
        case .requested where rotation.notBefore <= now && transition.volume.report.protection != .off:
            try transition.advance(.delivered, in: transaction)
        case .escrowed where isGone:
            try transition.advance(.oldProtectorsGone, in: transaction)
        default:
            break
        }
    }

    /// A key whose protector is no longer on the volume is superseded once another that counts is.
    private func supersedeWhatIsGone(
        from transition: inout VolumeTransition,
        in transaction: Transaction
    ) throws(StoreError) {
        let reported = Set(transition.volume.report.protectors.map(\.id))
        let (keys, counts) = (transition.keys, transition.counts)
        guard keys.contains(where: { $0.state == .active && reported.contains($0.protectorID) && counts($0) }) else {
            return
        }
        try transition.supersede(in: transaction) { !reported.contains($0.protectorID) }
    }

    /// A volume to be worked on within an operation.
    func transition(
        _ volume: Volume,
        of device: Device,
        in transaction: Transaction,
        _ permit: Permit
    ) throws(StoreError) -> VolumeTransition {
        try VolumeTransition(volume, of: device, in: transaction, permit, self.settings)
    }
}
