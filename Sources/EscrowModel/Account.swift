package import BitLocker

/// An account of somebody who signs in here with a password and a one-time password.
package struct Account: Equatable, Sendable {
    /// The issuer of those who have an account here, in ``Caller/Identity/person(issuer:subject:name:)``.
    package static let issuer = "local"

    /// The account's ID, which its person keeps for good.
    package let id: GUID
    /// What its person types to sign in, in lower case; no other account has it.
    package let userName: String
    /// The person's name, for people and the audit log.
    package let name: String
    /// What its person may do.
    package let role: Role
    /// Over which device groups.
    package let scope: Scope
    /// What the password is checked against, as `PasswordHash` writes it; nil until its person has accepted an invitation.
    package var password: [UInt8]?
    /// What the secret of the one-time passwords is derived from, with a key of the server's.
    package var codeSeed: [UInt8]?
    /// The time step of the last one-time password that was accepted: none is accepted twice.
    package var codeStep: Int64?
    /// When it was made.
    package let createdAt: Timestamp
    /// When it was disabled.
    package var disabledAt: Timestamp?
    /// When its person signed in last; nil when they never did.
    package var signedInAt: Timestamp?

    /// Makes an account from its parts.
    package init(
        id: GUID,
        userName: String,
        name: String,
        role: Role,
        scope: Scope,
        password: [UInt8]? = nil,
        codeSeed: [UInt8]? = nil,
        codeStep: Int64? = nil,
        createdAt: Timestamp,
        disabledAt: Timestamp? = nil,
        signedInAt: Timestamp? = nil
    ) {
        self.id = id
        self.userName = userName
        self.name = name
        self.role = role
        self.scope = scope
        self.password = password
        self.codeSeed = codeSeed
        self.codeStep = codeStep
        self.createdAt = createdAt
        self.disabledAt = disabledAt
        self.signedInAt = signedInAt
    }

    /// What its person can do with it.
    package enum State: String, CaseIterable, Sendable, Codable {
        /// Nothing yet: the invitation waits.
        case invited
        /// Sign in.
        case active
        /// Nothing any more.
        case disabled
    }

    /// What its person can do with it.
    package var state: State {
        if self.disabledAt != nil { return .disabled }
        return self.password == nil ? .invited : .active
    }

    /// Its person as who makes requests.
    package var identity: Caller.Identity {
        .person(issuer: Self.issuer, subject: self.id.description, name: self.name)
    }
}

/// What lets somebody begin to use an account: a link that works once.
package struct Invitation: Equatable, Sendable {
    /// The hash of the link's token.
    package let hash: [UInt8]
    /// For which account; nil for the first administrator, who chooses a user name.
    package let account: GUID?
    /// What the secret of the one-time passwords is derived from.
    package let codeSeed: [UInt8]
    /// Until when it works.
    package let expiresAt: Timestamp

    /// Makes an invitation from its parts.
    package init(hash: [UInt8], account: GUID?, codeSeed: [UInt8], expiresAt: Timestamp) {
        self.hash = hash
        self.account = account
        self.codeSeed = codeSeed
        self.expiresAt = expiresAt
    }
}
