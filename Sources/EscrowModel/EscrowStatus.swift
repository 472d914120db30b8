import BitLocker

/// Where escrow stands, for a volume or (the worst of its volumes) for a device.
package struct EscrowStatus: Hashable, Sendable {
    /// The four states, in the API's words.
    package enum State: String, CaseIterable, Sendable, Codable {
        /// Every recovery protector that the device reports has its secret here, proven where proof is required.
        case escrowed
        /// A secret is awaited, within its deadline.
        case pending
        /// It did not come, did not open the volume, or is not the one in use.
        case failed
        /// BitLocker is not enabled.
        case notAvailable
    }

    /// Why, in one word.
    package enum Reason: String, CaseIterable, Sendable, Codable {
        /// All is well.
        case none
        /// A reported recovery protector's secret has not come yet.
        case awaitingDeposit
        /// The secret is here and must still be proven.
        case awaitingProof
        /// BitLocker is on and has no recovery protector; the device has been asked to add one.
        case noRecoveryProtector
        /// A rotation has been handed to the device, and its new secret is awaited.
        case rotationUnderWay
        /// The device said that it could not.
        case deviceReported
        /// The deposited secret does not open the volume.
        case proofRefuted
        /// What was awaited did not come in time.
        case deadlinePassed
        /// The device reports protectors that are not the escrowed ones.
        case protectorMismatch
        /// BitLocker is not enabled on the volume.
        case bitLockerOff
        /// The device has reported no volume yet.
        case noVolume
    }

    /// One of the four.
    package var state: State
    /// Why.
    package var reason: Reason
    /// Since when the two have been as they are.
    package var since: Timestamp

    /// Makes a status from its parts.
    package init(_ state: State, _ reason: Reason, since: Timestamp) {
        self.state = state
        self.reason = reason
        self.since = since
    }

    /// The same status as before keeps its beginning.
    package func following(_ previous: EscrowStatus) -> EscrowStatus {
        guard previous.state == self.state, previous.reason == self.reason else { return self }
        return previous
    }

    /// The worst of several: failed, then pending, then notAvailable, then escrowed; of equals the oldest.
    package static func worst(of statuses: some Sequence<EscrowStatus>) -> EscrowStatus? {
        statuses.max { left, right in
            left.severity == right.severity ? left.since > right.since : left.severity < right.severity
        }
    }

    private var severity: Int {
        switch self.state {
        case .failed: 3
        case .pending: 2
        case .notAvailable: 1
        case .escrowed: 0
        }
    }
}

/// All that the status of a volume follows from. One function of it decides, wherever a status is shown or stored.
package struct EscrowStanding: Sendable {
    /// What the device last reported of the volume.
    package var report: VolumeReport
    /// Every key of the volume that is not purged.
    package var keys: [EscrowedKey]
    /// The state of its open rotation, if there is one.
    package var openRotation: Rotation.State?
    /// The last failure not made good.
    package var failure: VolumeFailure?
    /// The status that the volume had until now.
    package var previous: EscrowStatus
    /// Until when an awaited secret must have come; nil if the wait begins now.
    package var deadline: Timestamp?
    /// Whether a secret must be proven to count.
    package var isProofRequired: Bool

    /// Makes a standing from its parts.
    package init(
        report: VolumeReport,
        keys: [EscrowedKey],
        openRotation: Rotation.State?,
        failure: VolumeFailure?,
        previous: EscrowStatus,
        deadline: Timestamp?,
        isProofRequired: Bool
    ) {
        self.report = report
        self.keys = keys
        self.openRotation = openRotation
        self.failure = failure
        self.previous = previous
        self.deadline = deadline
        self.isProofRequired = isProofRequired
    }

    /// The status at a moment, and until when it may stay `pending`. A wait for something else than before begins anew.
    package func status(at now: Timestamp, patience: TimeSpan) -> (status: EscrowStatus, deadline: Timestamp?) {
        let (status, deadline) = self.fresh(at: now, patience: patience)
        return (status.following(self.previous), deadline)
    }

    private func fresh(at now: Timestamp, patience: TimeSpan) -> (EscrowStatus, Timestamp?) {
        guard self.report.protection != .off else {
            return (EscrowStatus(.notAvailable, .bitLockerOff, since: now), nil)
        }
        if let failure = self.failure {
            return (EscrowStatus(.failed, failure.reason, since: failure.at), nil)
        }
        guard let awaited = self.awaited else { return (EscrowStatus(.escrowed, .none, since: now), nil) }
        if awaited == .protectorMismatch { return (EscrowStatus(.failed, .protectorMismatch, since: now), nil) }
        let isSameWait = self.previous.state != .pending || self.previous.reason == awaited
        let deadline = (isSameWait ? self.deadline : nil) ?? now + patience
        guard now < deadline else { return (EscrowStatus(.failed, .deadlinePassed, since: deadline), deadline) }
        return (EscrowStatus(.pending, awaited, since: now), deadline)
    }

    /// Whether nothing is awaited and no escrowed protector is missing, failures aside.
    package var isSettled: Bool { self.report.protection == .off || self.awaited == nil }

    /// The reported recovery protectors whose secret is not here in a form that counts.
    package var protectorsToDeposit: [ReportedProtector] {
        guard self.report.protection != .off else { return [] }
        return self.report.recoveryProtectors.filter { !self.counts($0.id) }
    }

    private var awaited: EscrowStatus.Reason? {
        let reported = self.report.recoveryProtectors
        if self.openRotation == .delivered { return .rotationUnderWay }
        guard !reported.isEmpty else { return .noRecoveryProtector }
        let missing = reported.filter { protector in
            !self.keys.contains { $0.protectorID == protector.id && $0.proof != .refuted }
        }
        guard missing.isEmpty else {
            return self.openRotation == nil && self.escrowedProtectorsAreGone ? .protectorMismatch : .awaitingDeposit
        }
        return self.protectorsToDeposit.isEmpty ? nil : .awaitingProof
    }

    /// There are keys in use, and the device names the protector of none of them.
    private var escrowedProtectorsAreGone: Bool {
        let known = self.keys.filter { $0.state == .active && $0.proof != .refuted }
        return !known.isEmpty
            && !known.contains { key in self.report.protectors.contains { $0.id == key.protectorID } }
    }

    private func counts(_ protector: GUID) -> Bool {
        self.keys.contains { key in
            key.protectorID == protector
                && (key.proof == .proven || key.proof == .unproven && !self.isProofRequired)
        }
    }
}
