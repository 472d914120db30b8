package import BitLocker
package import EscrowModel

/// An API token without its secret.
package struct TokenDocument: Codable, Equatable, Sendable {
    /// The token's ID.
    package var id: GUID
    /// What it is called.
    package var name: String
    /// What its holder may do.
    package var role: Role
    /// Over which device groups; absent for every device.
    package var groups: [String]?
    /// When it was made.
    package var createdAt: Timestamp
    /// When it ends by itself.
    package var expiresAt: Timestamp?
    /// When it was revoked.
    package var revokedAt: Timestamp?

    /// Shows a token.
    package init(_ token: APIToken) {
        self.id = token.id
        self.name = token.name
        self.role = token.role
        switch token.scope {
        case .everything: self.groups = nil
        case .groups(let names): self.groups = names.sorted()
        }
        self.createdAt = token.createdAt
        self.expiresAt = token.expiresAt
        self.revokedAt = token.revokedAt
    }
}

/// Body of `POST /api/tokens`.
package struct CreateTokenRequest: Codable, Equatable, Sendable {
    /// What to call it.
    package var name: String
    /// What its holder may do.
    package var role: Role
    /// Over which device groups; every device when absent.
    package var groups: [String]?
    /// When it ends by itself; never when absent.
    package var expiresAt: Timestamp?

    /// Makes a request from its parts.
    package init(name: String, role: Role, groups: [String]? = nil, expiresAt: Timestamp? = nil) {
        self.name = name
        self.role = role
        self.groups = groups
        self.expiresAt = expiresAt
    }
}

/// An enrolment token without its secret.
package struct EnrolmentTokenDocument: Codable, Equatable, Sendable {
    /// The token's ID.
    package var id: GUID
    /// What it is called.
    package var name: String
    /// The group that its devices join.
    package var group: String
    /// How many devices may enrol with it.
    package var maximumUses: Int?
    /// How many have.
    package var uses: Int
    /// When it was made.
    package var createdAt: Timestamp
    /// When it ends by itself.
    package var expiresAt: Timestamp?
    /// When it was revoked.
    package var revokedAt: Timestamp?

    /// Shows a token.
    package init(_ token: EnrolmentToken) {
        self.id = token.id
        self.name = token.name
        self.group = token.group
        self.maximumUses = token.maximumUses
        self.uses = token.uses
        self.createdAt = token.createdAt
        self.expiresAt = token.expiresAt
        self.revokedAt = token.revokedAt
    }
}

/// Body of `POST /api/enrolment-tokens`.
package struct CreateEnrolmentTokenRequest: Codable, Equatable, Sendable {
    /// What to call it.
    package var name: String
    /// The group that its devices join.
    package var group: String
    /// How many devices may enrol with it; any number when absent.
    package var maximumUses: Int?
    /// When it ends by itself; never when absent.
    package var expiresAt: Timestamp?

    /// Makes a request from its parts.
    package init(name: String, group: String, maximumUses: Int? = nil, expiresAt: Timestamp? = nil) {
        self.name = name
        self.group = group
        self.maximumUses = maximumUses
        self.expiresAt = expiresAt
    }
}

/// A new token of either kind, with its secret, which is shown this once.
package struct NewTokenAnswer: Codable, Sendable {
    /// The token's ID.
    package var id: GUID
    /// The token itself.
    package var token: String

    /// Makes an answer from its parts.
    package init(id: GUID, token: String) {
        self.id = id
        self.token = token
    }
}
