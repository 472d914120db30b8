package import BitLocker
package import EscrowModel
package import FoundationEssentials

/// A break-glass setup, as the API shows it.
package struct BreakGlassDocument: Codable, Equatable, Sendable {
    /// The setup's ID.
    package var id: GUID
    /// What became of it.
    package var state: BreakGlassSetup.State
    /// How many shares there are.
    package var shares: Int
    /// How many of them open it.
    package var threshold: Int
    /// What whoever opens it may do.
    package var role: Role
    /// For how long, in seconds.
    package var windowSeconds: Int64
    /// When it was set up.
    package var createdAt: Timestamp
    /// By whom.
    package var createdBy: String
    /// When it was opened.
    package var openedAt: Timestamp?
    /// When what it opened ends by itself.
    package var endsAt: Timestamp?
    /// The API token that it was opened with.
    package var tokenId: GUID?
    /// When it was revoked.
    package var revokedAt: Timestamp?

    /// Shows a setup.
    package init(_ setup: BreakGlassSetup) {
        self.id = setup.id
        self.state = setup.state
        self.shares = setup.shares
        self.threshold = setup.threshold
        self.role = setup.role
        self.windowSeconds = setup.window.milliseconds / 1000
        self.createdAt = setup.createdAt
        self.createdBy = setup.createdBy
        self.openedAt = setup.openedAt
        self.endsAt = setup.endsAt
        self.tokenId = setup.token
        self.revokedAt = setup.revokedAt
    }
}

/// Body of `POST /api/break-glass`. Secret and shares stay with whoever makes them.
package struct SetUpBreakGlassRequest: Codable, Equatable, Sendable {
    /// The setup's ID, whose first two bytes are in each share.
    package var id: GUID
    /// How many shares there are.
    package var shares: Int
    /// How many of them open it.
    package var threshold: Int
    /// What whoever opens it may do.
    package var role: Role
    /// For how long, in seconds.
    package var windowSeconds: Int64
    /// 32 random bytes, in base 64.
    package var salt: Data
    /// The hash of salt and secret, in base 64.
    package var verifier: Data

    /// Makes a request from its parts.
    package init(
        id: GUID,
        shares: Int,
        threshold: Int,
        role: Role,
        windowSeconds: Int64,
        salt: [UInt8],
        verifier: [UInt8]
    ) {
        self.id = id
        self.shares = shares
        self.threshold = threshold
        self.role = role
        self.windowSeconds = windowSeconds
        self.salt = Data(salt)
        self.verifier = Data(verifier)
    }
}

/// Body of `POST /api/break-glass/open`.
package struct OpenBreakGlassRequest: Codable, Equatable, Sendable {
    /// The shares, as typed.
    package var shares: [String]
    /// Why, in a few words.
    package var reason: String
    /// The ticket it belongs to.
    package var ticket: String?

    /// Makes a request from its parts.
    package init(shares: [String], reason: String, ticket: String? = nil) {
        self.shares = shares
        self.reason = reason
        self.ticket = ticket
    }
}

/// Answer of `POST /api/break-glass/open`.
package struct OpenBreakGlassAnswer: Codable, Equatable, Sendable {
    /// The API token, shown this once.
    package var token: String
    /// What its holder may do, on every device.
    package var role: Role
    /// When it ends by itself.
    package var endsAt: Timestamp

    /// Makes an answer from its parts.
    package init(token: String, role: Role, endsAt: Timestamp) {
        self.token = token
        self.role = role
        self.endsAt = endsAt
    }
}
