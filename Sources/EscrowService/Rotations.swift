package import BitLocker
package import EscrowModel
import EscrowStore

extension EscrowService {
    /// Asks for new keys on a device's volumes. A request while a rotation is open joins it; one with an idempotency key
    /// that the caller used before is answered with the rotation of that time.
    ///
    /// - Parameters:
    ///   - volume: which volume; nil for every present operating system and fixed data volume with BitLocker on.
    ///   - trigger: `manual` or `compromised`.
    ///   - idempotencyKey: 1 to 128 printable ASCII characters.
    package func requestRotation(
        _ device: GUID,
        volume: GUID?,
        trigger: Rotation.Trigger,
        idempotencyKey: String?,
        by caller: Caller
    ) async throws(EscrowError) -> [Rotation] {
        guard trigger == .manual || trigger == .compromised else {
            throw .invalid(field: "trigger", problem: "must be \"manual\" or \"compromised\"")
        }
        if let idempotencyKey {
            let isPrintable = idempotencyKey.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            guard isPrintable, (1...128).contains(idempotencyKey.utf8.count) else {
                throw .invalid(field: "Idempotency-Key", problem: "must be 1 to 128 printable characters")
            }
        }
        let now = self.clock()
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<[Rotation]> in
            guard var device = try transaction.device(device) else { return .refused(.notFound) }
            guard let permit = self.permit(.requestRotation, by: caller, on: device, at: now) else {
                return self.refusal(of: .requestRotation, by: caller, on: device)
            }
            guard device.state == .active else {
                return .refused(
                    .conflict(code: "deviceRetired", problem: "The device is retired: it no longer checks in.")
                )
            }
            let volumes = try transaction.volumes(of: device)
            let chosen: [Volume]
            switch self.volumesToRotate(among: volumes, named: volume) {
            case .success(let volumes): chosen = volumes
            case .failure(let error): return .refused(error)
            }
            var rotations: [Rotation] = []
            var events: [AuditEvent] = []
            for volume in chosen {
                if let idempotencyKey,
                    let known = try transaction.rotation(
                        of: volume,
                        requestedBy: caller.principal,
                        idempotencyKey: idempotencyKey
                    )
                {
                    rotations.append(known)
                    continue
                }
                var transition = try self.transition(volume, of: device, in: transaction, permit)
                try self.requestRotation(
                    trigger,
                    of: nil,
                    on: &transition,
                    notBefore: now,
                    idempotencyKey: idempotencyKey,
                    in: transaction
                )
                if let rotation = transition.rotation { rotations.append(rotation) }
                try transition.settle(in: transaction)
                events += transition.events
            }
            try self.refreshStatus(of: &device, at: now, in: transaction)
            return .done(rotations, events)
        }
    }

    /// Calls off a rotation that its device has not fetched yet.
    package func cancelRotation(_ id: GUID, by caller: Caller) async throws(EscrowError) -> Rotation {
        let now = self.clock()
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Rotation> in
            guard let rotation = try transaction.rotation(id),
                let volume = try transaction.volume(row: rotation.volume),
                let device = try transaction.device(row: volume.device)
            else { return .refused(.notFound) }
            guard let permit = self.permit(.cancelRotation, by: caller, on: device, at: now) else {
                return self.refusal(of: .cancelRotation, by: caller, on: device)
            }
            var transition = try self.transition(volume, of: device, in: transaction, permit)
            guard transition.rotation?.id == id, transition.rotation?.state == .requested else {
                return .refused(
                    .conflict(
                        code: "rotationUnderWay",
                        problem:
                            "Only a rotation that is still \"requested\" can be cancelled; this one is \"\(rotation.state)\"."
                    )
                )
            }
            try transition.advance(.cancelled, in: transaction)
            try transition.settle(in: transaction)
            guard let cancelled = try transaction.rotation(id) else { return .refused(.notFound) }
            return .done(cancelled, transition.events)
        }
    }

    /// Takes a device's word on what became of an instruction.
    package func reportInstruction(
        _ id: GUID,
        outcome: InstructionOutcome,
        by caller: Caller
    ) async throws(EscrowError) {
        if case .failed(let code) = outcome { try Self.check(failureCode: code) }
        let now = self.clock()
        try await self.operation { (transaction) throws(StoreError) -> Outcome<Void> in
            guard var device = try self.device(of: caller, in: transaction) else { return .refused(.notAuthenticated) }
            guard let permit = self.permit(.reportInstruction, by: caller, on: device, at: now) else {
                return self.refusal(of: .reportInstruction, by: caller, on: device)
            }
            guard let rotation = try transaction.rotation(id),
                let volume = try transaction.volume(row: rotation.volume),
                volume.device == device.row
            else { return .refused(.notFound) }
            var transition = try self.transition(volume, of: device, in: transaction, permit)
            guard transition.rotation?.id == id else { return .done((), []) }
            switch outcome {
            case .done:
                guard rotation.state == .escrowed else {
                    return .refused(
                        .conflict(
                            code: "rotationNotEscrowed",
                            problem: "The new protector's secret is not escrowed and proven yet; deposit it first."
                        )
                    )
                }
                transition.volume.report.protectors.removeAll { rotation.replaces.contains($0.id) }
                try transition.advance(.oldProtectorsGone, in: transaction)
            case .failed(let code):
                transition.volume.failure = VolumeFailure(reason: .deviceReported, at: now, detail: code)
                transition.events.append(transition.event(.failureReported, .failure, rotation: id, detail: code))
                try transition.advance(.failed(reason: code), in: transaction)
            }
            try transition.settle(in: transaction)
            try self.refreshStatus(of: &device, at: now, in: transaction)
            return .done((), transition.events)
        }
    }

    /// Asks for a rotation on one volume, of the named protectors or of all of its recovery protectors of one kind.
    func requestRotation(
        _ trigger: Rotation.Trigger,
        of protectors: [GUID]?,
        on transition: inout VolumeTransition,
        notBefore: Timestamp,
        idempotencyKey: String? = nil,
        in transaction: Transaction
    ) throws(StoreError) {
        let reported = transition.volume.report.recoveryProtectors
        let named = reported.filter { protectors?.contains($0.id) ?? true }
        let kind: SecretKind =
            named.contains { $0.kind == .recoveryPassword } || named.isEmpty
            ? .recoveryPassword : .recoveryKey
        var generator = SystemRandomNumberGenerator()
        try transition.request(
            trigger,
            replacing: named.filter { $0.kind.secretKind == kind }.map(\.id),
            kind: kind,
            notBefore: notBefore,
            idempotencyKey: idempotencyKey,
            id: .random(using: &generator),
            in: transaction
        )
    }

    /// A device's status is the worst of its present volumes'.
    func refreshStatus(of device: inout Device, at now: Timestamp, in transaction: Transaction) throws(StoreError) {
        let volumes = try transaction.volumes(of: device).filter(\.isPresent)
        let worst = EscrowStatus.worst(of: volumes.map(\.status)) ?? EscrowStatus(.notAvailable, .noVolume, since: now)
        let status = worst.following(device.status)
        guard status != device.status else { return }
        device.status = status
        try transaction.update(device)
    }

    private func volumesToRotate(among volumes: [Volume], named id: GUID?) -> Result<[Volume], EscrowError> {
        if let id {
            guard let volume = volumes.first(where: { $0.id == id }) else {
                return .failure(.invalid(field: "volumeId", problem: "is not a volume of this device"))
            }
            guard volume.isPresent, volume.report.protection != .off else {
                return .failure(
                    .conflict(code: "notEncrypted", problem: "BitLocker is not enabled on the volume, or it is gone.")
                )
            }
            return .success([volume])
        }
        let chosen = volumes.filter {
            $0.isPresent && $0.report.protection != .off && $0.report.kind != .removableData
        }
        guard !chosen.isEmpty else {
            return .failure(
                .conflict(code: "nothingToRotate", problem: "The device has no volume with BitLocker enabled.")
            )
        }
        return .success(chosen)
    }
}
