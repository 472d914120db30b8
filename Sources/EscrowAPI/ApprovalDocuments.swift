package import BitLocker
package import EscrowModel

/// Body of `POST /api/approvals`: the disclosure that somebody else is to approve.
package struct ApprovalRequest: Codable, Equatable, Sendable {
    /// The device.
    package var deviceId: GUID
    /// Which key: its key protector ID. Without it, the current key of the volume.
    package var keyId: GUID?
    /// Which volume; needed only when no key is named and the device has several with keys.
    package var volumeId: GUID?
    /// Why.
    package var reason: DisclosureReason.Code
    /// The ticket it belongs to.
    package var ticket: String?
    /// A few words; needed when the reason is `other`.
    package var comment: String?

    /// Makes a request from its parts.
    package init(
        deviceId: GUID,
        keyId: GUID? = nil,
        volumeId: GUID? = nil,
        reason: DisclosureReason.Code,
        ticket: String? = nil,
        comment: String? = nil
    ) {
        self.deviceId = deviceId
        self.keyId = keyId
        self.volumeId = volumeId
        self.reason = reason
        self.ticket = ticket
        self.comment = comment
    }
}

/// An approval, as requesters and those who decide see it. It never has a secret.
package struct ApprovalDocument: Codable, Equatable, Sendable {
    /// Somebody who did something about it.
    package struct Party: Codable, Equatable, Sendable {
        /// Who it is, in the audit log's form.
        package var principal: String
        /// What people call them.
        package var name: String
        /// Their role at that time.
        package var role: Role

        init(_ party: Approval.Party) {
            self.principal = party.principal
            self.name = party.name
            self.role = party.role
        }
    }

    /// The approval's ID.
    package var id: GUID
    /// Where it stands.
    package var state: Approval.State
    /// Who asked for it.
    package var requester: Party
    /// The device.
    package var deviceId: GUID
    /// The device's name.
    package var deviceName: String
    /// The key protector ID of the key.
    package var keyId: GUID
    /// Why.
    package var reason: DisclosureReason.Code
    /// The ticket it belongs to.
    package var ticket: String?
    /// A few words.
    package var comment: String?
    /// When it was asked for.
    package var requestedAt: Timestamp
    /// When the request, or the approval, ends by itself.
    package var expiresAt: Timestamp
    /// Who approved or denied it.
    package var decider: Party?
    /// When they did.
    package var decidedAt: Timestamp?
    /// When nothing more could come of it.
    package var endedAt: Timestamp?

    /// Shows an approval as it stands at a moment.
    package init(_ approval: Approval, at now: Timestamp) {
        self.id = approval.id
        self.state = approval.state.isOpen && !approval.isOpen(at: now) ? .expired : approval.state
        self.requester = Party(approval.requester)
        self.deviceId = approval.device
        self.deviceName = approval.deviceName
        self.keyId = approval.protector
        self.reason = approval.reason.code
        self.ticket = approval.reason.ticket
        self.comment = approval.reason.comment
        self.requestedAt = approval.requestedAt
        self.expiresAt = approval.expiresAt
        self.decider = approval.decider.map { Party($0) }
        self.decidedAt = approval.decidedAt
        self.endedAt = approval.endedAt
    }
}
