package import BitLocker

/// Who makes a request, and what they were given to do.
package struct Caller: Equatable, Sendable {
    /// How the caller is known.
    package enum Identity: Hashable, Sendable {
        /// A holder of an API token, by the token's ID and name.
        case client(id: GUID, name: String)
        /// A device, by its own credential.
        case device(GUID)
        /// Somebody on the server's own console, by Unix user name.
        case localOperator(name: String)
        /// Somebody who signed in: who vouches for them (a provider's issuer URL, or `local` for an account of ours), the
        /// ID that is theirs there for good, and their name for people.
        case person(issuer: String, subject: String, name: String)
        /// Whoever put break-glass shares together, by the setup that those are of.
        case breakGlass(setup: GUID)
        /// The server itself, by the part that acts.
        case system(part: String)
    }

    /// How the caller is known.
    package let identity: Identity
    /// What kind of work the caller does.
    package let role: Role
    /// Over which device groups.
    package let scope: Scope
    /// From where the request came.
    package let source: Source
    /// What devices name this person by when they report their owner: an account's user name, or what a provider's claim says;
    /// nil for all who can own no device.
    package let userName: String?
    /// How and when a person signed in; nil for all others, who have nothing to sign in with again.
    package let authentication: Authentication?

    /// Makes a caller from its parts.
    package init(
        identity: Identity,
        role: Role,
        scope: Scope,
        source: Source,
        userName: String? = nil,
        authentication: Authentication? = nil
    ) {
        self.identity = identity
        self.role = role
        self.scope = scope
        self.source = source
        self.userName = userName
        self.authentication = authentication
    }

    /// The server acting by itself.
    package static func system(_ part: String) -> Caller {
        Caller(identity: .system(part: part), role: .system, scope: .everything, source: Source(address: "local"))
    }

    /// One word for who it is, as the audit log writes it: `client:<id>`, `device:<id>`, `operator:<name>`,
    /// `person:<subject>@<issuer>`, `breakGlass:<id>`, `system:<part>`.
    package var principal: String {
        switch self.identity {
        case .client(let id, _): "client:\(id)"
        case .device(let id): "device:\(id)"
        case .localOperator(let name): "operator:\(name)"
        case .person(let issuer, let subject, _): "person:\(subject)@\(issuer)"
        case .breakGlass(let setup): "breakGlass:\(setup)"
        case .system(let part): "system:\(part)"
        }
    }

    /// A name for people: the token's, the operator's, the person's, or the device's ID.
    package var displayName: String {
        switch self.identity {
        case .client(_, let name): name
        case .device(let id): id.description
        case .localOperator(let name): name
        case .person(_, _, let name): name
        case .breakGlass: "break-glass"
        case .system(let part): part
        }
    }

    /// Whether this is emergency access: everything is in scope, nobody could be asked for approval, and each record says so
    /// by its principal.
    package var isBreakGlass: Bool {
        if case .breakGlass = self.identity { true } else { false }
    }
}

/// What kind of work a caller does.
package enum Role: String, CaseIterable, Sendable, Codable {
    /// Sees devices, keys and statuses, never a secret.
    case reader
    /// Also discloses keys and asks for rotations.
    case helpdesk
    /// Also retires devices and holds keys.
    case administrator
    /// Reads the audit log, and no secret.
    case auditor
    /// Sees and discloses the keys of own devices only.
    case owner
    /// A device: deposits, never reads.
    case device
    /// The server itself.
    case system

    /// The roles that a person can be given with an account.
    package static let assignable: [Role] = [.reader, .helpdesk, .administrator, .auditor, .owner]

    /// The roles that an API token can have: no device names a token as its owner.
    package static let ofTokens = Self.assignable.filter { $0 != .owner }
}

/// The device groups that a role holds in.
package enum Scope: Hashable, Sendable {
    /// Every device.
    case everything
    /// The devices of these groups; of none when empty.
    case groups(Set<String>)

    /// Whether a device of a group is within the scope.
    package func includes(group: String) -> Bool {
        switch self {
        case .everything: true
        case .groups(let names): names.contains(group)
        }
    }
}

/// Where a request came from.
package struct Source: Hashable, Sendable {
    /// The peer's network address, or `local` for the server's own console.
    package let address: String
    /// The client's own name for itself, cut to 200 characters.
    package let agent: String?
    /// The request's ID, which the caller was told.
    package let requestID: String?

    /// Makes a source from its parts.
    package init(address: String, agent: String? = nil, requestID: String? = nil) {
        self.address = address
        self.agent = agent.map { String($0.prefix(200)) }
        self.requestID = requestID
    }
}
