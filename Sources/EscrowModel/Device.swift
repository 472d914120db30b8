package import BitLocker

/// A Windows machine that has enrolled.
package struct Device: Equatable, Sendable {
    /// Whether the device is in use. Its keys outlive it.
    package enum State: String, CaseIterable, Sendable, Codable {
        case active
        case retired
    }

    /// The store's number for the device; never leaves the server.
    package let row: Int64
    /// The device ID, in Entra ID's sense where the organisation has it.
    package let id: GUID
    /// What the device last said of itself.
    package var facts: DeviceFacts
    /// The group that its enrolment token put it in; scopes are made of groups.
    package var group: String
    /// In use or retired.
    package var state: State
    /// The device's own P-256 public key, X.509 SubjectPublicKeyInfo in DER.
    package var credential: [UInt8]
    /// When it enrolled.
    package let enrolledAt: Timestamp
    /// When it was last heard from.
    package var lastSeenAt: Timestamp
    /// The worst of its volumes' statuses; `notAvailable` while it has reported none.
    package var status: EscrowStatus
    /// While true no key of the device is purged.
    package var isOnLegalHold: Bool
    /// From when the keys of a device that is out of use are destroyed; nil while it is in use, when they are kept for good, and
    /// once they are gone.
    package var keysPurgeAfter: Timestamp?

    /// Makes a device from its parts.
    package init(
        row: Int64,
        id: GUID,
        facts: DeviceFacts,
        group: String,
        state: State,
        credential: [UInt8],
        enrolledAt: Timestamp,
        lastSeenAt: Timestamp,
        status: EscrowStatus,
        isOnLegalHold: Bool,
        keysPurgeAfter: Timestamp? = nil
    ) {
        self.row = row
        self.id = id
        self.facts = facts
        self.group = group
        self.state = state
        self.credential = credential
        self.enrolledAt = enrolledAt
        self.lastSeenAt = lastSeenAt
        self.status = status
        self.isOnLegalHold = isOnLegalHold
        self.keysPurgeAfter = keysPurgeAfter
    }
}

/// What a device says of itself. None of it decides what the device may do: that comes from its credential.
package struct DeviceFacts: Equatable, Sendable {
    /// The computer name, 1 to 255 characters.
    package var name: String
    /// The maker's serial number, at most 255 characters.
    package var serial: String?
    /// Whose device it is, such as a user principal name, at most 255 characters.
    package var owner: String?
    /// The operating system and its build, at most 255 characters.
    package var operatingSystem: String?

    /// Makes the facts from their parts.
    package init(name: String, serial: String? = nil, owner: String? = nil, operatingSystem: String? = nil) {
        self.name = name
        self.serial = serial
        self.owner = owner
        self.operatingSystem = operatingSystem
    }
}
