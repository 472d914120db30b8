package import BitLocker

/// Something that happened, as it goes into the audit log: typed fields, no secret, no free text but a disclosure's comment.
package struct AuditEvent: Equatable, Sendable {
    /// What happened, in the log's words.
    package enum Kind: String, CaseIterable, Sendable, Codable {
        case serverStarted = "server.started"
        case accessDenied = "access.denied"
        case deviceEnrolled = "device.enrolled"
        case deviceReenrolled = "device.reenrolled"
        case deviceChanged = "device.changed"
        case deviceRetired = "device.retired"
        case deviceLegalHold = "device.legalHold"
        case recoveryReported = "device.recoveryReported"
        case statusChanged = "volume.statusChanged"
        case keyDeposited = "key.deposited"
        case keyProven = "key.proven"
        case keyRefuted = "key.refuted"
        case keySuperseded = "key.superseded"
        case keyPurged = "key.purged"
        case keyDisclosed = "key.disclosed"
        case keyOpenFailed = "key.openFailed"
        case failureReported = "key.failureReported"
        case rotationRequested = "rotation.requested"
        case rotationDelivered = "rotation.delivered"
        case rotationEscrowed = "rotation.escrowed"
        case rotationCompleted = "rotation.completed"
        case rotationFailed = "rotation.failed"
        case rotationExpired = "rotation.expired"
        case rotationCancelled = "rotation.cancelled"
        case devicesExported = "devices.exported"
        case auditExported = "audit.exported"
        case witnessObjected = "log.witnessObjected"
        case auditSinkAdded = "auditSink.added"
        case auditSinkChanged = "auditSink.changed"
        case auditSinkRemoved = "auditSink.removed"
        case tokenCreated = "token.created"
        case tokenRevoked = "token.revoked"
        case enrolmentTokenCreated = "enrolmentToken.created"
        case enrolmentTokenRevoked = "enrolmentToken.revoked"
        case breakGlassSetUp = "breakGlass.setUp"
        case breakGlassOpened = "breakGlass.opened"
        case breakGlassRefused = "breakGlass.refused"
        case breakGlassRevoked = "breakGlass.revoked"
        case keyringRotated = "keyring.rotated"
        case keyringRewrapStarted = "keyring.rewrapStarted"
        case keyringRewrapCompleted = "keyring.rewrapCompleted"
        case keyringVersionDestroyed = "keyring.versionDestroyed"
        case keyringRecoveryKeyAdded = "keyring.recoveryKeyAdded"
        case keyringRecoveryKeyRemoved = "keyring.recoveryKeyRemoved"
        case keyringIngestExported = "keyring.ingestExported"
        case keyringCheckFailed = "keyring.checkFailed"
        case keyringCheckSucceeded = "keyring.checkSucceeded"
        case keyringMasterKeyChanging = "keyring.masterKeyChanging"
        case keyringMasterKeyChanged = "keyring.masterKeyChanged"
        case compromiseStarted = "compromise.started"
        case compromiseEnded = "compromise.ended"
        case compromiseCancelled = "compromise.cancelled"
        case keyCompromised = "key.compromised"
        case deviceMoved = "device.moved"
        case policyChanged = "policy.changed"
        case approvalRequested = "approval.requested"
        case approvalApproved = "approval.approved"
        case approvalDenied = "approval.denied"
        case approvalCancelled = "approval.cancelled"
        case approvalExpired = "approval.expired"
        case disclosureLimitNear = "disclosure.limitNear"
        case accountInvited = "account.invited"
        case accountActivated = "account.activated"
        case accountDisabled = "account.disabled"
        case accountReset = "account.reset"
        case signInFailed = "session.refused"
        case sessionStarted = "session.started"
        case sessionEnded = "session.ended"
        case sessionRenewed = "session.renewed"
    }

    /// How it ended.
    package enum Outcome: String, CaseIterable, Sendable, Codable {
        case success
        case denied
        case failure
    }

    /// What an event says of approval by a second person.
    package enum ApprovalMark: Equatable, Sendable {
        /// This approval.
        case of(GUID)
        /// A rule wants one, and in an emergency there was none.
        case waived

        /// As the record writes it: the approval's ID, or `waived`.
        package var text: String {
            switch self {
            case .of(let id): id.description
            case .waived: "waived"
            }
        }
    }

    /// What happened.
    package var kind: Kind
    /// How it ended.
    package var outcome: Outcome
    /// Who did it, with role and source.
    package var caller: Caller
    /// The action asked for, where it was asked for.
    package var action: Action?
    /// The policy's rule that allowed or denied it.
    package var rule: String?
    /// The device it is about.
    package var device: GUID?
    /// The device's name at the time.
    package var deviceName: String?
    /// The volume it is about.
    package var volume: GUID?
    /// The key protector it is about.
    package var protector: GUID?
    /// The rotation it is about.
    package var rotation: GUID?
    /// The token, the account or the session it is about.
    package var token: GUID?
    /// The approval it is about, or that a disclosure used or did without.
    package var approval: ApprovalMark?
    /// The policy file that was in force, by the first 12 hexadecimal digits of its SHA-256.
    package var policy: String?
    /// Why a secret was asked for.
    package var reason: DisclosureReason?
    /// One word or two more: a status, a proof's refutation, a rotation's trigger or failure code. Never free text.
    package var detail: String?

    /// Makes an event from its parts.
    package init(
        _ kind: Kind,
        _ outcome: Outcome = .success,
        by caller: Caller,
        action: Action? = nil,
        rule: String? = nil,
        device: GUID? = nil,
        deviceName: String? = nil,
        volume: GUID? = nil,
        protector: GUID? = nil,
        rotation: GUID? = nil,
        token: GUID? = nil,
        reason: DisclosureReason? = nil,
        detail: String? = nil
    ) {
        self.kind = kind
        self.outcome = outcome
        self.caller = caller
        self.action = action
        self.rule = rule
        self.device = device
        self.deviceName = deviceName
        self.volume = volume
        self.protector = protector
        self.rotation = rotation
        self.token = token
        self.reason = reason
        self.detail = detail
    }
}
