package import EscrowModel

/// What the formats say of a kind of event: its title, how grave it is, and which class of OCSF it belongs to.
///
/// A kind without a line in ``EventMeaning/known`` still goes out, as an API activity of its own name; a test asks for the line.
package struct EventMeaning: Equatable, Sendable {
    /// What happened, as a title for people.
    package let title: String
    /// How grave it is, its outcome included.
    package let severity: EventSeverity
    /// What was done.
    let activity: OCSFActivity
    /// What it was done to, when that is a thing that Sparekey manages; nil for an access, which is an API activity.
    let entity: ManagedEntity?

    /// The meaning of an event that ended in some way.
    ///
    /// What was denied or failed is at least of medium severity.
    package init(kind: String, outcome: AuditEvent.Outcome?) {
        let known = Self.known[kind] ?? Self(kind, .low, .other)
        let atLeast: EventSeverity = outcome == .success || outcome == nil ? .informational : .medium
        self.title = known.title
        self.severity = max(known.severity, atLeast)
        self.activity = known.activity
        self.entity = known.entity
    }

    /// The meaning of an entry.
    package init(of entry: AuditListing) { self = LoggedRecord(entry).meaning }

    private init(_ title: String, _ severity: EventSeverity, _ activity: OCSFActivity, of entity: ManagedEntity? = nil)
    {
        self.title = title
        self.severity = severity
        self.activity = activity
        self.entity = entity
    }

    /// Whether a kind has a meaning of its own.
    package static func isKnown(_ kind: AuditEvent.Kind) -> Bool { Self.known[kind.rawValue] != nil }

    /// Kinds that have a meaning but that no event has.
    package static var unused: [String] {
        Self.known.keys.filter { AuditEvent.Kind(rawValue: $0) == nil }.sorted()
    }

    private static let known: [String: EventMeaning] = [
        "server.started": Self("Server started", .informational, .other),
        "access.denied": Self("Access denied", .medium, .other),
        "devices.exported": Self("List of devices exported", .low, .read),
        "audit.exported": Self("Audit log exported", .medium, .read),
        "auditSink.added": Self("Audit sink added", .medium, .create, of: .sink),
        "auditSink.changed": Self("Audit sink changed", .high, .update, of: .sink),
        "auditSink.removed": Self("Audit sink removed", .high, .delete, of: .sink),

        "log.witnessObjected": Self("Witness objected to the audit log", .critical, .other),

        "keyring.rotated": Self("Keyring rotated", .medium, .update, of: .keyring),
        "keyring.rewrapStarted": Self("Sealing anew started", .low, .update, of: .keyring),
        "keyring.rewrapCompleted": Self("Sealing anew completed", .low, .update, of: .keyring),
        "keyring.versionDestroyed": Self("Keyring version destroyed", .high, .delete, of: .keyring),
        "keyring.recoveryKeyAdded": Self("Recovery key added", .high, .update, of: .keyring),
        "keyring.recoveryKeyRemoved": Self("Recovery key removed", .high, .update, of: .keyring),
        "keyring.ingestExported": Self("Keys for an ingest server exported", .medium, .read),
        "keyring.checkFailed": Self("Keyring cannot open secrets", .critical, .update, of: .keyring),
        "keyring.checkSucceeded": Self("Keyring opens secrets again", .informational, .update, of: .keyring),
        "keyring.masterKeyChanging": Self("Master key is being changed", .high, .update, of: .keyring),
        "keyring.masterKeyChanged": Self("Master key changed", .high, .update, of: .keyring),

        "device.enrolled": Self("Device enrolled", .informational, .enroll, of: .device),
        "device.reenrolled": Self("Device enrolled again", .low, .enroll, of: .device),
        "device.changed": Self("Device changed", .informational, .update, of: .device),
        "device.retired": Self("Device retired", .low, .unenroll, of: .device),
        "device.legalHold": Self("Legal hold set or lifted", .low, .update, of: .device),
        "device.recoveryReported": Self("Recovery reported by device", .low, .update, of: .device),
        "volume.statusChanged": Self("Escrow status changed", .informational, .update, of: .volume),

        "key.deposited": Self("Key deposited", .informational, .create, of: .key),
        "key.proven": Self("Key proven", .informational, .update, of: .key),
        "key.refuted": Self("Key refuted", .medium, .update, of: .key),
        "key.superseded": Self("Key superseded", .informational, .deactivate, of: .key),
        "key.purged": Self("Key purged", .low, .delete, of: .key),
        "key.disclosed": Self("Key disclosed", .medium, .read),
        "key.openFailed": Self("Key could not be opened", .high, .read),
        "key.failureReported": Self("Failure reported by device", .low, .update, of: .key),

        "rotation.requested": Self("Rotation requested", .informational, .create, of: .rotation),
        "rotation.delivered": Self("Rotation delivered to device", .informational, .update, of: .rotation),
        "rotation.escrowed": Self("Rotation's new key escrowed", .informational, .update, of: .rotation),
        "rotation.completed": Self("Rotation completed", .informational, .update, of: .rotation),
        "rotation.failed": Self("Rotation failed", .medium, .update, of: .rotation),
        "rotation.expired": Self("Rotation expired", .low, .update, of: .rotation),
        "rotation.cancelled": Self("Rotation cancelled", .low, .disable, of: .rotation),

        "token.created": Self("API token created", .medium, .create, of: .token),
        "token.revoked": Self("API token revoked", .low, .disable, of: .token),
        "enrolmentToken.created": Self("Enrolment token created", .low, .create, of: .enrolmentToken),
        "enrolmentToken.revoked": Self("Enrolment token revoked", .low, .disable, of: .enrolmentToken),

        "account.invited": Self("Account invited", .medium, .create, of: .account),
        "account.activated": Self("Account activated", .medium, .activate, of: .account),
        "account.disabled": Self("Account disabled", .medium, .disable, of: .account),
        "account.reset": Self("Account reset", .medium, .update, of: .account),
        "session.started": Self("Signed in", .informational, .create, of: .session),
        "session.refused": Self("Sign-in refused", .medium, .other, of: .session),
        "session.ended": Self("Session ended", .informational, .delete, of: .session),
        "session.renewed": Self("Signed in again", .informational, .update, of: .session),

        "key.compromised": Self("Key marked compromised", .medium, .update, of: .key),
        "compromise.started": Self("Leak response started", .high, .create, of: .campaign),
        "compromise.ended": Self("Leak response ended", .medium, .update, of: .campaign),
        "compromise.cancelled": Self("Leak response cancelled", .high, .disable, of: .campaign),

        "breakGlass.setUp": Self("Break-glass access set up", .medium, .create, of: .breakGlass),
        "breakGlass.opened": Self("Break-glass access opened", .critical, .activate, of: .breakGlass),
        "breakGlass.refused": Self("Break-glass shares refused", .high, .other, of: .breakGlass),
        "breakGlass.revoked": Self("Break-glass access revoked", .medium, .disable, of: .breakGlass),
        "device.moved": Self("Device moved to another group", .low, .update, of: .device),
        "policy.changed": Self("Policy changed", .high, .update, of: .policy),
        "approval.requested": Self("Approval requested", .low, .create, of: .approval),
        "approval.approved": Self("Disclosure approved", .medium, .update, of: .approval),
        "approval.denied": Self("Approval denied", .low, .update, of: .approval),
        "approval.cancelled": Self("Approval request cancelled", .low, .disable, of: .approval),
        "approval.expired": Self("Approval expired", .informational, .disable, of: .approval),
        "disclosure.limitNear": Self("Disclosures near their limit", .high, .other),
    ]
}

/// The activities of OCSF 1.6's API Activity and Entity Management that are used. The numbers are the schema's.
enum OCSFActivity: Int, Sendable {
    case create = 1
    case read = 2
    case update = 3
    case delete = 4
    /// From here to ``deactivate`` Entity Management has them, API Activity has not.
    case enroll = 6
    case unenroll = 7
    case disable = 9
    case activate = 10
    case deactivate = 11
    case other = 99

    /// The schema's name; nil for what has none there.
    var name: String? {
        switch self {
        case .create: "Create"
        case .read: "Read"
        case .update: "Update"
        case .delete: "Delete"
        case .enroll: "Enroll"
        case .unenroll: "Unenroll"
        case .disable: "Disable"
        case .activate: "Activate"
        case .deactivate: "Deactivate"
        case .other: nil
        }
    }
}

/// A thing that Sparekey manages, as OCSF's Entity Management has entities.
enum ManagedEntity: String, Sendable {
    case device = "Device"
    case volume = "Volume"
    case key = "Key Protector"
    case rotation = "Rotation"
    case token = "API Token"
    case enrolmentToken = "Enrolment Token"
    case keyring = "Keyring"
    case policy = "Policy"
    case approval = "Approval"
    case sink = "Audit Sink"
    case breakGlass = "Break-Glass Access"
    case campaign = "Leak Response"
    case account = "Account"
    case session = "Session"

    /// OCSF's number for the type; 99 for one that it has no number for.
    var typeID: Int64 {
        switch self {
        case .device: 1
        case .policy: 5
        case .volume, .key, .rotation, .approval, .token, .enrolmentToken, .keyring, .sink, .breakGlass, .campaign,
            .account, .session:
            99
        }
    }
}
