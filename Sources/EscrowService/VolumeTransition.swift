import BitLocker
import EscrowModel
import EscrowStore

/// A volume while an operation works on it: what is known of it, what changed, and what is to be recorded.
///
/// Every operation that touches a volume ends in `settle`, which derives its status anew and writes what changed.
struct VolumeTransition {
    let device: Device
    var volume: Volume
    var keys: [EscrowedKey]
    var rotation: Rotation?
    var events: [AuditEvent] = []
    private let permit: Permit
    private let settings: EscrowSettings
    private let before: Volume

    init(
        _ volume: Volume,
        of device: Device,
        in transaction: Transaction,
        _ permit: Permit,
        _ settings: EscrowSettings
    ) throws(StoreError) {
        self.device = device
        self.volume = volume
        self.before = volume
        self.keys = try transaction.keys(of: volume)
        self.rotation = try transaction.openRotation(of: volume)
        self.permit = permit
        self.settings = settings
    }

    /// When the operation began.
    var now: Timestamp { self.permit.now }

    /// An event about this volume.
    func event(
        _ kind: AuditEvent.Kind,
        _ outcome: AuditEvent.Outcome = .success,
        protector: GUID? = nil,
        rotation: GUID? = nil,
        reason: DisclosureReason? = nil,
        detail: String? = nil
    ) -> AuditEvent {
        self.permit.event(
            kind,
            outcome,
            device: self.device,
            volume: self.volume.id,
            protector: protector,
            rotation: rotation,
            reason: reason,
            detail: detail
        )
    }

    /// The standing that the volume's status follows from.
    var standing: EscrowStanding {
        EscrowStanding(
            report: self.volume.report,
            keys: self.keys.filter { $0.state != .purged },
            openRotation: self.rotation?.state,
            failure: self.volume.failure,
            previous: self.volume.status,
            deadline: self.volume.deadline,
            isProofRequired: self.settings.isProofRequired
        )
    }

    /// Whether a key's secret counts as escrowed.
    func counts(_ key: EscrowedKey) -> Bool {
        key.proof == .proven || key.proof == .unproven && !self.settings.isProofRequired
    }

    /// Asks for a rotation, or joins the open one.
    mutating func request(
        _ trigger: Rotation.Trigger,
        replacing protectors: [GUID],
        kind: SecretKind,
        notBefore: Timestamp,
        idempotencyKey: String? = nil,
        id: GUID,
        in transaction: Transaction
    ) throws(StoreError) {
        if var open = self.rotation {
            if open.kind == kind { open.join(replaces: protectors, notBefore: notBefore, trigger: trigger) }
            if open != self.rotation { try transaction.update(open) }
            self.rotation = open
            self.events.append(
                self.event(.rotationRequested, rotation: open.id, detail: "\(trigger.rawValue) joined")
            )
            return
        }
        let rotation = Rotation(
            id: id,
            volume: self.volume.row,
            volumeID: self.volume.id,
            trigger: trigger,
            kind: kind,
            replaces: protectors,
            requestedBy: self.permit.caller.principal,
            idempotencyKey: idempotencyKey,
            requestedAt: self.permit.now,
            notBefore: notBefore,
            deadline: notBefore + self.settings.rotationDeliveryPatience
        )
        try transaction.insert(rotation)
        self.rotation = rotation
        self.events.append(self.event(.rotationRequested, rotation: id, detail: trigger.rawValue))
    }

    /// Moves the open rotation on, if the event fits its state, and does what follows from that.
    mutating func advance(_ event: Rotation.Event, in transaction: Transaction) throws(StoreError) {
        guard var rotation = self.rotation,
            rotation.apply(event, at: self.permit.now, patience: self.settings.rotationStepPatience)
        else { return }
        try transaction.update(rotation)
        self.events.append(self.event(for: rotation))
        if rotation.state == .completed {
            try self.supersede(in: transaction) { rotation.replaces.contains($0.protectorID) }
        }
        self.rotation = rotation.state.isOpen ? rotation : nil
        if !rotation.state.isOpen { try self.noteEnd(of: rotation, in: transaction) }
    }

    /// The protectors on the volume whose keys are in use though they are compromised.
    var compromisedProtectors: [GUID] {
        let reported = Set(self.volume.report.recoveryProtectors.map(\.id))
        return self.keys
            .filter { $0.state == .active && $0.compromisedAt != nil && reported.contains($0.protectorID) }
            .map(\.protectorID)
    }

    /// Tells the leak responses that wait for a rotation what became of it.
    private func noteEnd(of rotation: Rotation, in transaction: Transaction) throws(StoreError) {
        for var waiting in try transaction.compromisedVolumes(awaiting: rotation.id) {
            waiting.rotationEnded(rotation.state, isLeft: !self.compromisedProtectors.isEmpty)
            try transaction.update(waiting)
        }
    }

    /// Replaces the active keys that a condition names.
    mutating func supersede(
        in transaction: Transaction,
        where isReplaced: (EscrowedKey) -> Bool
    ) throws(StoreError) {
        for index in self.keys.indices where self.keys[index].state == .active && isReplaced(self.keys[index]) {
            self.keys[index].supersede(at: self.permit.now, retention: self.settings.supersededRetention)
            try transaction.update(self.keys[index])
            self.events.append(self.event(.keySuperseded, protector: self.keys[index].protectorID))
        }
    }

    /// Derives the status anew, writes the volume if anything of it changed, and records a changed status.
    mutating func settle(in transaction: Transaction) throws(StoreError) {
        (self.volume.status, self.volume.deadline) = self.standing.status(
            at: self.permit.now,
            patience: self.settings.depositPatience
        )
        guard self.volume != self.before else { return }
        try transaction.update(self.volume)
        let (old, new) = (self.before.status, self.volume.status)
        guard (old.state, old.reason) != (new.state, new.reason) else { return }
        self.events.append(
            self.event(.statusChanged, detail: "\(old.state)/\(old.reason) to \(new.state)/\(new.reason)")
        )
    }

    /// Whether a protector's secret is here and waits for its proof.
    private func isProofPutOff(_ protector: GUID) -> Bool {
        self.keys.contains { key in
            key.protectorID == protector && key.state != .purged && key.proof == .unproven
                && key.proofReason == ProofAnswer.later
        }
    }

    /// What the device is to do on this volume now.
    func instructions() -> [Instruction] {
        guard self.volume.report.protection != .off else { return [] }
        let replaced = self.rotation?.replaces ?? []
        let awaited = self.standing.protectorsToDeposit.filter { !replaced.contains($0.id) }
        // A secret whose proof is put off is here with all that the proof needs: to send it again would bring nothing.
        var instructions =
            awaited
            .filter { !self.isProofPutOff($0.id) }
            .map { Instruction(id: $0.id, action: .deposit(protector: $0.id), volume: self.volume.id) }
        switch self.rotation?.state {
        case .delivered where awaited.isEmpty:
            if let rotation = self.rotation {
                instructions.append(
                    Instruction(id: rotation.id, action: .addProtector(rotation.kind), volume: self.volume.id)
                )
            }
        case .escrowed:
            if let rotation = self.rotation {
                let left = replaced.filter { old in self.volume.report.protectors.contains { $0.id == old } }
                instructions.append(
                    Instruction(id: rotation.id, action: .removeProtectors(left), volume: self.volume.id)
                )
            }
        default:
            if self.volume.report.recoveryProtectors.isEmpty {
                instructions.append(
                    Instruction(id: self.volume.id, action: .addProtector(.recoveryPassword), volume: self.volume.id)
                )
            }
        }
        return instructions
    }
}

extension VolumeTransition {
    private func event(for rotation: Rotation) -> AuditEvent {
        let (kind, outcome): (AuditEvent.Kind, AuditEvent.Outcome) =
            switch rotation.state {
            case .requested: (.rotationRequested, .success)
            case .delivered: (.rotationDelivered, .success)
            case .escrowed: (.rotationEscrowed, .success)
            case .completed: (.rotationCompleted, .success)
            case .failed: (.rotationFailed, .failure)
            case .expired: (.rotationExpired, .failure)
            case .cancelled: (.rotationCancelled, .success)
            }
        return self.event(
            kind,
            outcome,
            protector: rotation.newProtector,
            rotation: rotation.id,
            detail: rotation.failure
        )
    }
}
