/// The rules of the schema that a change can break, by the names that PostgreSQL reports.
package enum Constraint: String, CaseIterable, Hashable, Sendable {
    /// A device ID enrols once.
    case deviceID = "device_device_id"
    /// A volume ID stands once on its device.
    case volumeID = "volume_device_volume_id"
    /// A version of a protector's secret stands once on its volume.
    case keyVersion = "escrowed_key_volume_protector_version"
    /// A rotation's ID stands once.
    case rotationID = "rotation_rotation_id"
    /// A volume has one open rotation.
    case openRotation = "rotation_one_open"
    /// A caller uses an idempotency key once on a volume.
    case idempotencyKey = "rotation_idempotency_key"
    /// An API token's ID stands once.
    case apiTokenID = "api_token_token_id"
    /// An enrolment token's ID stands once.
    case enrolmentTokenID = "enrolment_token_token_id"
    /// A break-glass setup's ID stands once.
    case breakGlassID = "break_glass_setup_id"
    /// One break-glass setup can be opened at a time.
    case sealedBreakGlass = "break_glass_sealed"
    /// A leak response's ID stands once.
    case compromiseID = "compromise_compromise_id"
    /// One leak response to a target is open at a time.
    case openCompromise = "compromise_one_open"
    /// A volume stands once in a leak response.
    case compromisedVolume = "compromised_volume_volume_compromise"
    /// An approval's ID stands once.
    case approvalID = "approval_approval_id"
    /// It is noted once when somebody was told of a limit.
    case disclosureAlarm = "disclosure_alarm_pkey"
    /// A sink's name stands once.
    case auditSinkName = "audit_sink_name"
    /// An account's ID stands once.
    case accountID = "account_account_id"
    /// A user name stands once.
    case userName = "account_user_name"
    /// A recovery code stands once on its account.
    case recoveryCode = "recovery_code_pkey"
    /// An invitation's hash stands once.
    case invitationHash = "invitation_hash"
    /// An account has one invitation.
    case invitationAccount = "invitation_account"
    /// A session's ID stands once.
    case sessionID = "session_session_id"
    /// A session's hash stands once.
    case sessionHash = "session_hash"
    /// Somebody's saved view of a name stands once.
    case savedViewName = "saved_view_name"
    /// An index of the log stands once.
    case auditIndex = "audit_entry_pkey"
    /// A row must be there that another one refers to.
    case reference = "foreign_key"
    /// A column must have a value.
    case notNull = "not_null"
    /// A value must be one of those that its column allows.
    case allowedValue = "check"
    /// Any other rule.
    case other

    /// Finds the rule in SQLite's message, which names a unique rule by its columns, any other by its kind.
    package static func named(inMessage message: some StringProtocol) -> Constraint {
        if let columns = Self.rest(of: message, after: "UNIQUE constraint failed: ") {
            Self.byColumns[columns] ?? .other
        } else if message.hasPrefix("FOREIGN KEY") {
            .reference
        } else if message.hasPrefix("NOT NULL") {
            .notNull
        } else if message.hasPrefix("CHECK") {
            .allowedValue
        } else {
            .other
        }
    }

    private static let byColumns: [String: Constraint] = [
        "device.device_id": .deviceID,
        "volume.device, volume.volume_id": .volumeID,
        "escrowed_key.volume, escrowed_key.protector_id, escrowed_key.version": .keyVersion,
        "rotation.rotation_id": .rotationID,
        "rotation.volume": .openRotation,
        "rotation.volume, rotation.requested_by, rotation.idempotency_key": .idempotencyKey,
        "api_token.token_id": .apiTokenID,
        "enrolment_token.token_id": .enrolmentTokenID,
        "break_glass.setup_id": .breakGlassID,
        "break_glass.state": .sealedBreakGlass,
        "compromise.compromise_id": .compromiseID,
        "compromise.target_kind, compromise.target, compromise.since": .openCompromise,
        "compromised_volume.volume, compromised_volume.compromise": .compromisedVolume,
        "approval.approval_id": .approvalID,
        "disclosure_alarm.rule, disclosure_alarm.principal, disclosure_alarm.span": .disclosureAlarm,
        "audit_sink.name": .auditSinkName,
        "account.account_id": .accountID,
        "account.user_name": .userName,
        "recovery_code.account, recovery_code.hash": .recoveryCode,
        "invitation.hash": .invitationHash,
        "invitation.account": .invitationAccount,
        "session.session_id": .sessionID,
        "session.hash": .sessionHash,
        "saved_view.principal, saved_view.name": .savedViewName,
        "audit_entry.id": .auditIndex,
    ]

    private static func rest(of message: some StringProtocol, after prefix: String) -> String? {
        message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : nil
    }
}
