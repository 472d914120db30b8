package import BitLocker

/// Emergency access that was set up for when nobody can sign in: a secret in shares, of which the server keeps what tells
/// whether they are right. It opens once.
package struct BreakGlassSetup: Equatable, Sendable {
    /// What became of it.
    package enum State: String, CaseIterable, Sendable, Codable {
        /// The shares can open it.
        case sealed
        /// It was opened; a new setup is needed for the next time.
        case opened
        /// It was revoked, or another setup took its place.
        case revoked
    }

    /// The roles that it can give.
    package static let roles: [Role] = [.helpdesk, .administrator]
    /// For how long it can be opened: 5 minutes to 24 hours.
    package static let windows = TimeSpan.minutes(5)...TimeSpan.hours(24)
    /// How many shares there can be.
    package static let shareCounts = 2...20

    /// The setup's ID, which the audit log names whatever is done under it by.
    package let id: GUID
    /// What became of it.
    package private(set) var state: State
    /// How many shares there are.
    package let shares: Int
    /// How many of them open it.
    package let threshold: Int
    /// What whoever opens it may do, on every device.
    package let role: Role
    /// For how long.
    package let window: TimeSpan
    /// 32 random bytes that the verifier was made with.
    package let salt: [UInt8]
    /// The hash of salt and secret, 32 bytes.
    package let verifier: [UInt8]
    /// When it was set up.
    package let createdAt: Timestamp
    /// By whom, in the words of the audit log.
    package let createdBy: String
    /// When it was opened.
    package private(set) var openedAt: Timestamp?
    /// When what it opened ends, or ended, by itself.
    package private(set) var endsAt: Timestamp?
    /// The API token that it was opened with.
    package private(set) var token: GUID?
    /// When it was revoked.
    package private(set) var revokedAt: Timestamp?

    /// Makes a setup from its parts; as it is set up when nothing is said of what became of it.
    package init(
        id: GUID,
        state: State = .sealed,
        shares: Int,
        threshold: Int,
        role: Role,
        window: TimeSpan,
        salt: [UInt8],
        verifier: [UInt8],
        createdAt: Timestamp,
        createdBy: String,
        openedAt: Timestamp? = nil,
        endsAt: Timestamp? = nil,
        token: GUID? = nil,
        revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.state = state
        self.shares = shares
        self.threshold = threshold
        self.role = role
        self.window = window
        self.salt = salt
        self.verifier = verifier
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.openedAt = openedAt
        self.endsAt = endsAt
        self.token = token
        self.revokedAt = revokedAt
    }

    /// Opens it, once. False, and nothing changes, when it is not sealed.
    package mutating func open(token: GUID, at now: Timestamp) -> Bool {
        guard self.state == .sealed else { return false }
        self.state = .opened
        self.openedAt = now
        self.endsAt = now + self.window
        self.token = token
        return true
    }

    /// Revokes it, opened or not. False, and nothing changes, when it was before.
    package mutating func revoke(at now: Timestamp) -> Bool {
        guard self.state != .revoked else { return false }
        self.state = .revoked
        self.revokedAt = now
        return true
    }

    /// Whether somebody is in by it at a moment.
    package func isOpen(at now: Timestamp) -> Bool {
        self.state == .opened && (self.endsAt.map { now < $0 } ?? false)
    }
}
