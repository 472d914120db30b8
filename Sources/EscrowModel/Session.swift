package import BitLocker

/// Somebody's stay, from sign-in to sign-out, in one browser. The store has it by the hash of what the browser holds.
package struct Session: Equatable, Sendable {
    /// The session's ID, for lists and the audit log; not what the browser holds.
    package let id: GUID
    /// The hash of what the browser holds.
    package let hash: [UInt8]
    /// Who vouches for the person: a provider's issuer, or ``Account/issuer``.
    package let issuer: String
    /// The ID that is the person's there for good; an account's ID.
    package let subject: String
    /// The person's name at sign-in.
    package let name: String
    /// What devices name their owner by, as ``Caller/userName``.
    package let userName: String?
    /// What the person may do: what the provider's claims came to, or the account's role at sign-in.
    package let role: Role
    /// Over which device groups.
    package let scope: Scope
    /// How and when the person signed in.
    package let authentication: Authentication
    /// The provider's name for its own session (`sid`), by which it can end this one.
    package let providerSession: String?
    /// From which address the person signed in.
    package let address: String
    /// With which browser, by its own word.
    package let agent: String?
    /// When it began.
    package let createdAt: Timestamp
    /// When it was used last, to the minute.
    package var lastUsedAt: Timestamp
    /// When it ends whatever happens.
    package let endsAt: Timestamp

    /// Makes a session from its parts.
    package init(
        id: GUID,
        hash: [UInt8],
        issuer: String,
        subject: String,
        name: String,
        userName: String? = nil,
        role: Role,
        scope: Scope,
        authentication: Authentication,
        providerSession: String? = nil,
        address: String,
        agent: String?,
        createdAt: Timestamp,
        lastUsedAt: Timestamp,
        endsAt: Timestamp
    ) {
        self.id = id
        self.hash = hash
        self.issuer = issuer
        self.subject = subject
        self.name = name
        self.userName = userName
        self.role = role
        self.scope = scope
        self.authentication = authentication
        self.providerSession = providerSession
        self.address = address
        self.agent = agent
        self.createdAt = createdAt
        self.lastUsedAt = lastUsedAt
        self.endsAt = endsAt
    }

    /// Whether it still holds at a moment: neither at its end nor unused for as long as `idle`.
    package func isAlive(at now: Timestamp, idle: TimeSpan) -> Bool {
        now < self.endsAt && now < self.lastUsedAt + idle
    }
}
