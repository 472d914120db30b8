package import BitLocker

/// An API token as the store keeps it: its hash, never itself.
package struct APIToken: Equatable, Sendable {
    /// The token's ID, which is also its readable part.
    package let id: GUID
    /// What it is called, for people and the audit log.
    package let name: String
    /// SHA-256 of the token's secret.
    package let hash: [UInt8]
    /// What its holder may do.
    package let role: Role
    /// Over which device groups.
    package let scope: Scope
    /// When it was made.
    package let createdAt: Timestamp
    /// When it ends by itself; nil for never.
    package let expiresAt: Timestamp?
    /// When it was revoked.
    package var revokedAt: Timestamp?
    /// The break-glass setup whose shares bought it; nil for a token that an operator made.
    package let breakGlass: GUID?

    /// Makes a token from its parts.
    package init(
        id: GUID,
        name: String,
        hash: [UInt8],
        role: Role,
        scope: Scope,
        createdAt: Timestamp,
        expiresAt: Timestamp?,
        revokedAt: Timestamp?,
        breakGlass: GUID? = nil
    ) {
        self.id = id
        self.name = name
        self.hash = hash
        self.role = role
        self.scope = scope
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.breakGlass = breakGlass
    }

    /// Whether it can be used at a moment.
    package func isValid(at now: Timestamp) -> Bool {
        self.revokedAt == nil && (self.expiresAt.map { now < $0 } ?? true)
    }
}

/// An enrolment token as the store keeps it: what lets a device enrol, into one group.
package struct EnrolmentToken: Equatable, Sendable {
    /// The token's ID, which is also its readable part.
    package let id: GUID
    /// What it is called.
    package let name: String
    /// SHA-256 of the token's secret.
    package let hash: [UInt8]
    /// The group that its devices join.
    package let group: String
    /// How many devices may enrol with it; nil for any number.
    package let maximumUses: Int?
    /// How many have.
    package var uses: Int
    /// When it was made.
    package let createdAt: Timestamp
    /// When it ends by itself; nil for never.
    package let expiresAt: Timestamp?
    /// When it was revoked.
    package var revokedAt: Timestamp?

    /// Makes a token from its parts.
    package init(
        id: GUID,
        name: String,
        hash: [UInt8],
        group: String,
        maximumUses: Int?,
        uses: Int,
        createdAt: Timestamp,
        expiresAt: Timestamp?,
        revokedAt: Timestamp?
    ) {
        self.id = id
        self.name = name
        self.hash = hash
        self.group = group
        self.maximumUses = maximumUses
        self.uses = uses
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
    }

    /// Whether another device can enrol with it at a moment.
    package func isValid(at now: Timestamp) -> Bool {
        self.revokedAt == nil && (self.expiresAt.map { now < $0 } ?? true)
            && (self.maximumUses.map { self.uses < $0 } ?? true)
    }
}
