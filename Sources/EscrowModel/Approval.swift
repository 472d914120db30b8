package import BitLocker

/// That somebody asked a second person to approve a disclosure, and what came of it.
package struct Approval: Equatable, Sendable {
    /// Where it stands.
    package enum State: String, CaseIterable, Sendable, Codable {
        /// Somebody waits for an answer.
        case requested
        /// It can be used, once, until it expires.
        case approved
        case denied
        case expired
        /// The requester took it back.
        case cancelled
        /// The disclosure was made.
        case used

        /// Whether anything can still come of it.
        package var isOpen: Bool { self == .requested || self == .approved }
    }

    /// Who did something about it: principal, name and role at that time.
    package struct Party: Equatable, Sendable {
        /// Who it is, in the audit log's form.
        package let principal: String
        /// What people call them.
        package let name: String
        /// Their role.
        package let role: Role

        /// Makes a party from its parts.
        package init(principal: String, name: String, role: Role) {
            self.principal = principal
            self.name = name
            self.role = role
        }

        /// A caller as a party.
        package init(_ caller: Caller) {
            self.init(principal: caller.principal, name: caller.displayName, role: caller.role)
        }
    }

    /// The approval's ID.
    package let id: GUID
    /// Who asked; nobody else can use it.
    package let requester: Party
    /// The store's number of the key that it is about; no other key can be had with it.
    package let key: Int64
    /// That key's protector ID.
    package let protector: GUID
    /// The device that it is about.
    package let device: GUID
    /// The device's name.
    package let deviceName: String
    /// Why; a disclosure for another reason needs another approval.
    package let reason: DisclosureReason
    /// When it was asked for.
    package let requestedAt: Timestamp
    /// When it ends by itself, as it stands.
    package var expiresAt: Timestamp
    /// Where it stands.
    package var state: State
    /// Who approved or denied it.
    package var decider: Party?
    /// When they did.
    package var decidedAt: Timestamp?
    /// When it was used, cancelled or found to have expired.
    package var endedAt: Timestamp?

    /// Makes an approval from its parts.
    package init(
        id: GUID,
        requester: Party,
        key: Int64,
        protector: GUID,
        device: GUID,
        deviceName: String,
        reason: DisclosureReason,
        requestedAt: Timestamp,
        expiresAt: Timestamp,
        state: State = .requested,
        decider: Party? = nil,
        decidedAt: Timestamp? = nil,
        endedAt: Timestamp? = nil
    ) {
        self.id = id
        self.requester = requester
        self.key = key
        self.protector = protector
        self.device = device
        self.deviceName = deviceName
        self.reason = reason
        self.requestedAt = requestedAt
        self.expiresAt = expiresAt
        self.state = state
        self.decider = decider
        self.decidedAt = decidedAt
        self.endedAt = endedAt
    }

    /// Whether something can still come of it at a moment.
    package func isOpen(at now: Timestamp) -> Bool { self.state.isOpen && now < self.expiresAt }
}
