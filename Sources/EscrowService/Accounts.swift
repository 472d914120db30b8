package import BitLocker
package import EscrowModel
import EscrowPolicy
import EscrowStore
import SignIn

/// An account with the link that lets its person in.
package struct Invited: Sendable {
    /// The account.
    package let account: Account
    /// The link; only its path where the server's address is not known. It is kept nowhere.
    package let link: String
    /// Until when it works.
    package let expiresAt: Timestamp
}

extension EscrowService {
    /// Makes an account and the link with which its person chooses a password.
    package func invite(
        userName: String,
        name: String,
        role: Role,
        scope: Scope,
        by caller: Caller
    ) async throws(EscrowError) -> Invited {
        let permit = try await self.require(.manageAccounts, by: caller, on: .installation)
        guard let userName = Self.normalized(userName: userName) else {
            throw .invalid(field: "userName", problem: Self.userNameExpected)
        }
        try Limits.check(text: name, field: "name")
        guard Role.assignable.contains(role) else {
            let words = Role.assignable.map(\.rawValue).joined(separator: ", ")
            throw .invalid(field: "role", problem: "must be one of \(words)")
        }
        if case .groups(let groups) = scope {
            guard !groups.isEmpty else { throw .invalid(field: "groups", problem: "must name at least one group") }
            for group in groups { try Limits.check(text: group, field: "groups", characters: 1...64) }
        }
        var generator = SystemRandomNumberGenerator()
        let account = Account(
            id: .random(using: &generator),
            userName: userName,
            name: name,
            role: role,
            scope: scope,
            createdAt: permit.now
        )
        let (invitation, token) = self.invitation(to: account.id, for: self.settings.signIn.invitationLifetime)
        try await self.operation { (transaction) throws(StoreError) -> Outcome<Void> in
            guard try transaction.account(userName: userName) == nil else {
                let problem = "There is an account with this user name; reset it, or choose another name."
                return .refused(.conflict(code: "user-name-taken", problem: problem))
            }
            try transaction.insert(account)
            try transaction.replace(invitation)
            return .done((), [permit.event(.accountInvited, token: account.id, detail: role.rawValue)])
        }
        return Invited(account: account, link: self.settings.signIn.link(of: token), expiresAt: invitation.expiresAt)
    }

    /// Every account.
    package func accounts(by caller: Caller) async throws(EscrowError) -> [Account] {
        try await self.require(.readAccess, by: caller, on: .installation)
        return try await self.snapshot { (reader) throws(StoreError) in try reader.accounts() }
    }

    /// Disables an account: its sessions and its invitation end at once. Doing it twice does no harm.
    ///
    /// - Parameter state: what whoever asks has seen of it; refused when it is another by now. Nil: whatever it is.
    package func disableAccount(
        _ id: GUID,
        seen state: Account.State? = nil,
        by caller: Caller
    ) async throws(EscrowError) -> Account {
        let permit = try await self.require(.manageAccounts, by: caller, on: .installation)
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Account> in
            guard var account = try transaction.account(id) else { return .refused(.notFound) }
            guard account.disabledAt == nil else { return .done(account, []) }
            if let conflict = try Self.conflict(with: account, seen: state, in: transaction, by: caller) {
                return .refused(conflict)
            }
            account.disabledAt = permit.now
            try transaction.update(account)
            try transaction.removeInvitation(of: id)
            let ended = try Self.endAll(of: account, in: transaction, by: caller, "accountDisabled")
            return .done(account, [permit.event(.accountDisabled, token: id)] + ended)
        }
    }

    /// Takes from an account what it is entered with, and invites its person anew: for a lost password or device, and to
    /// let somebody back in who was disabled. Sessions end at once.
    ///
    /// - Parameter state: what whoever asks has seen of it; refused when it is another by now. Nil: whatever it is.
    package func resetAccount(
        _ id: GUID,
        seen state: Account.State? = nil,
        by caller: Caller
    ) async throws(EscrowError) -> Invited {
        let permit = try await self.require(.manageAccounts, by: caller, on: .installation)
        let (invitation, token) = self.invitation(to: id, for: self.settings.signIn.invitationLifetime)
        let account = try await self.operation { (transaction) throws(StoreError) -> Outcome<Account> in
            guard var account = try transaction.account(id) else { return .refused(.notFound) }
            if let conflict = try Self.conflict(with: account, seen: state, in: transaction, by: caller) {
                return .refused(conflict)
            }
            account.password = nil
            account.codeSeed = nil
            account.codeStep = nil
            account.disabledAt = nil
            try transaction.update(account)
            try transaction.setRecoveryCodes([], of: id)
            try transaction.replace(invitation)
            let ended = try Self.endAll(of: account, in: transaction, by: caller, "accountReset")
            return .done(account, [permit.event(.accountReset, token: id)] + ended)
        }
        return Invited(account: account, link: self.settings.signIn.link(of: token), expiresAt: invitation.expiresAt)
    }

    /// Why an account is not taken from its person: it changed meanwhile, it is the caller's own, or nobody would be left.
    ///
    /// Whoever has the server's own console is an administrator without an account, and may end every one.
    private static func conflict(
        with account: Account,
        seen state: Account.State?,
        in transaction: Transaction,
        by caller: Caller
    ) throws(StoreError) -> EscrowError? {
        if let state, account.state != state {
            let problem = "Somebody else changed this account meanwhile: it is \(account.state.rawValue) now."
            return .conflict(code: "account-changed", problem: problem)
        }
        if case .localOperator = caller.identity { return nil }
        guard !Self.isOwn(account, caller) else {
            let problem = "Nobody can take their own access; another administrator can."
            return .conflict(code: "own-account", problem: problem)
        }
        let isAdministrator = account.role == .administrator && account.scope == .everything && account.state == .active
        if isAdministrator, try !transaction.hasAdministrator(otherThan: account.id) {
            let problem = "No other administrator over every device would be left who can sign in."
            return .conflict(code: "last-administrator", problem: problem)
        }
        return nil
    }

    private static func isOwn(_ account: Account, _ caller: Caller) -> Bool {
        guard case .person(Account.issuer, let subject, _) = caller.identity else { return false }
        return subject == account.id.description
    }

    private static func endAll(
        of account: Account,
        in transaction: Transaction,
        by caller: Caller,
        _ detail: String
    ) throws(StoreError) -> [AuditEvent] {
        let sessions = try transaction.sessions(issuer: Account.issuer, subject: account.id.description)
        return try Self.end(sessions.map(\.id), in: transaction, by: caller, detail)
    }

    /// The link for the first administrator: once, where there has been neither an account nor an invitation.
    package func firstRunLink() async throws(EscrowError) -> String? {
        let hasPeople = try await self.snapshot { (reader) throws(StoreError) in try reader.hasPeople() }
        guard !hasPeople else { return nil }
        let (invitation, token) = self.invitation(to: nil, for: self.settings.signIn.firstRunLifetime)
        try await self.operation { (transaction) throws(StoreError) -> Outcome<Void> in
            try transaction.replace(invitation)
            let event = AuditEvent(.accountInvited, by: .system("firstRun"), detail: Role.administrator.rawValue)
            return .done((), [event])
        }
        return self.settings.signIn.link(of: token)
    }

    private func invitation(to account: GUID?, for lifetime: TimeSpan) -> (invitation: Invitation, token: String) {
        var generator = SystemRandomNumberGenerator()
        let token = SignInToken.generate(using: &generator)
        let invitation = Invitation(
            hash: token.hash(for: .invitation),
            account: account,
            codeSeed: (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) },
            expiresAt: self.clock() + lifetime
        )
        return (invitation, token.reveal())
    }

    static let userNameExpected = "must be 1 to 64 letters, digits, dots, hyphens, underscores or @"
}
