package import BitLocker
package import EscrowModel

/// Body of `POST …/keys/{deviceId}/reveal`.
package struct RevealRequest: Codable, Equatable, Sendable {
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
        keyId: GUID? = nil,
        volumeId: GUID? = nil,
        reason: DisclosureReason.Code,
        ticket: String? = nil,
        comment: String? = nil
    ) {
        self.keyId = keyId
        self.volumeId = volumeId
        self.reason = reason
        self.ticket = ticket
        self.comment = comment
    }
}

/// Answer of `POST …/keys/{deviceId}/reveal`, for clients. The server writes it straight from the wiped secret.
package struct RevealAnswer: Codable, Sendable {
    /// The key protector ID.
    package var keyId: GUID
    /// The volume it opens.
    package var volumeId: GUID
    /// Recovery password or recovery key.
    package var type: SecretKind
    /// Whether it is known to open the volume.
    package var proof: EscrowedKey.ProofState
    /// The 48 digits in groups of six, when it is a recovery password.
    package var recoveryPassword: String?
    /// The `.BEK` file in Base64, when it is a recovery key.
    package var recoveryKey: String?
    /// The name that the `.BEK` file must have on the USB drive.
    package var fileName: String?
    /// The rotation that will replace it, when rotation after disclosure is on.
    package var rotationId: GUID?
    /// The index of the disclosure's entry on the audit log.
    package var auditIndex: UInt64?
    /// The path of the entry's receipt, proof that it is on the log.
    package var receipt: String?
}

/// Body of `POST …/keys/{deviceId}/rotate`; may be absent.
package struct RotateRequest: Codable, Equatable, Sendable {
    /// Which volume. Without it, every present operating system and fixed data volume with BitLocker on.
    package var volumeId: GUID?
    /// Why: `manual` (the default) or `compromised`.
    package var trigger: Rotation.Trigger?

    /// Makes a request from its parts.
    package init(volumeId: GUID? = nil, trigger: Rotation.Trigger? = nil) {
        self.volumeId = volumeId
        self.trigger = trigger
    }
}

/// Answer of `POST …/keys/{deviceId}/rotate`.
package struct RotateAnswer: Codable, Sendable {
    /// One rotation a volume: new ones, and open ones that the request joined.
    package var rotations: [RotationDocument]

    /// Makes an answer from its parts.
    package init(rotations: [RotationDocument]) { self.rotations = rotations }
}

/// Body of `PUT /api/devices/{deviceId}/legal-hold`.
package struct LegalHoldRequest: Codable, Equatable, Sendable {
    /// Whether the device's keys are to be kept from purging.
    package var hold: Bool

    /// Makes a request from its parts.
    package init(hold: Bool) { self.hold = hold }
}
