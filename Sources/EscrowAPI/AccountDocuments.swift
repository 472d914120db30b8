package import BitLocker
package import EscrowModel

/// An account of somebody who signs in here.
package struct AccountDocument: Codable, Equatable, Sendable {
    /// The account's ID.
    package var id: GUID
    /// What its person types to sign in.
    package var userName: String
    /// The person's name.
    package var name: String
    /// What its person may do.
    package var role: Role
    /// Over which device groups; absent for every device.
    package var groups: [String]?
    /// What its person can do with it.
    package var state: Account.State
    /// When it was made.
    package var createdAt: Timestamp
    /// When it was disabled.
    package var disabledAt: Timestamp?

    /// Shows an account.
    package init(_ account: Account) {
        self.id = account.id
        self.userName = account.userName
        self.name = account.name
        self.role = account.role
        switch account.scope {
        case .everything: self.groups = nil
        case .groups(let names): self.groups = names.sorted()
        }
        self.state = account.state
        self.createdAt = account.createdAt
        self.disabledAt = account.disabledAt
    }
}

/// Body of `POST /api/accounts`.
package struct InviteRequest: Codable, Equatable, Sendable {
    /// What the person will type to sign in.
    package var userName: String
    /// The person's name.
    package var name: String
    /// What the person may do.
    package var role: Role
    /// Over which device groups; every device when absent.
    package var groups: [String]?

    /// Makes a request from its parts.
    package init(userName: String, name: String, role: Role, groups: [String]? = nil) {
        self.userName = userName
        self.name = name
        self.role = role
        self.groups = groups
    }
}

/// An account with the link that lets its person in, which is shown this once.
package struct InvitationAnswer: Codable, Sendable {
    /// The account.
    package var account: AccountDocument
    /// The link; only its path where the server does not know its own address.
    package var link: String
    /// Until when the link works.
    package var expiresAt: Timestamp

    /// Makes an answer from its parts.
    package init(account: AccountDocument, link: String, expiresAt: Timestamp) {
        self.account = account
        self.link = link
        self.expiresAt = expiresAt
    }
}
