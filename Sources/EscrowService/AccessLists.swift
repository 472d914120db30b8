package import BitLocker
package import EscrowModel
package import EscrowPolicy
import EscrowStore

/// A device group as people see it.
package struct GroupInView: Equatable, Sendable {
    /// Its name.
    package let name: String
    /// How many devices in use it has.
    package let devices: Int
}

/// The policy file in force, with when this process read it.
package struct PolicyInView: Sendable {
    /// The file.
    package let document: PolicyDocument
    /// When it was read; nil where none ever was.
    package let readAt: Timestamp?
}

extension EscrowService {
    /// The server's address as browsers have it, without a slash at its end; nil where nobody said it.
    package var publicURL: String? { self.settings.signIn.publicURL }
}

/// Who gets in, page by page: for administrators and auditors who see everything.
extension EscrowService {
    /// The groups of the caller's scope that have devices, by name.
    package func groups(by caller: Caller) async throws(EscrowError) -> [GroupInView] {
        try await self.require(.readPolicy, by: caller, on: .scope)
        let counts = try await self.snapshot { (reader) throws(StoreError) in
            try reader.groupCounts(scope: caller.scope)
        }
        return counts.map { GroupInView(name: $0.key, devices: $0.value) }.sorted { $0.name < $1.name }
    }

    /// The policy file in force and when it was read, for those who may read it.
    package func policyInView(by caller: Caller) async throws(EscrowError) -> PolicyInView {
        PolicyInView(document: try await self.policy(by: caller), readAt: self.rules.readAt)
    }

    /// Accounts, the latest first.
    ///
    /// - Parameter userNamePrefix: how their user names begin, in either case; nil for any.
    package func accounts(
        userNamePrefix: String? = nil,
        _ page: PageRequest,
        by caller: Caller
    ) async throws(EscrowError) -> Page<Account> {
        try await self.require(.readAccess, by: caller, on: .installation)
        return try await self.snapshot { (reader) throws(StoreError) in
            try reader.accounts(userNamePrefix: userNamePrefix?.lowercased(), page)
        }
    }

    /// One account with its person's sessions, the latest first.
    package func account(_ id: GUID, by caller: Caller) async throws(EscrowError) -> (Account, [Session]) {
        try await self.require(.readAccess, by: caller, on: .installation)
        let (now, idle) = (self.clock(), self.settings.signIn.idle)
        let found = try await self.snapshot { (reader) throws(StoreError) -> (Account, [Session])? in
            guard let account = try reader.account(id) else { return nil }
            let sessions = try reader.sessions(issuer: Account.issuer, subject: id.description)
            return (account, sessions.filter { $0.isAlive(at: now, idle: idle) })
        }
        guard let found else { throw .notFound }
        return found
    }

    /// API tokens without secrets, the latest first.
    package func apiTokens(_ page: PageRequest, by caller: Caller) async throws(EscrowError) -> Page<APIToken> {
        try await self.require(.readAccess, by: caller, on: .installation)
        return try await self.snapshot { (reader) throws(StoreError) in try reader.apiTokens(page) }
    }

    /// Enrolment tokens without secrets, the latest first.
    package func enrolmentTokens(
        _ page: PageRequest,
        by caller: Caller
    ) async throws(EscrowError) -> Page<EnrolmentToken> {
        try await self.require(.readAccess, by: caller, on: .installation)
        return try await self.snapshot { (reader) throws(StoreError) in try reader.enrolmentTokens(page) }
    }

    /// Everybody's sessions that have not ended, the latest first. A page may hold fewer than there is room for.
    package func sessions(_ page: PageRequest, by caller: Caller) async throws(EscrowError) -> Page<Session> {
        try await self.require(.readAccess, by: caller, on: .installation)
        let (now, idle) = (self.clock(), self.settings.signIn.idle)
        return try await self.snapshot { (reader) throws(StoreError) in
            var found = try reader.sessions(page)
            found.items = found.items.filter { $0.isAlive(at: now, idle: idle) }
            return found
        }
    }

    /// Ends somebody's session. One that has ended already is no error: it is what was wanted.
    package func endSession(_ id: GUID, by caller: Caller) async throws(EscrowError) {
        let permit = try await self.require(.manageAccounts, by: caller, on: .installation)
        try await self.operation { (transaction) throws(StoreError) -> Outcome<Void> in
            guard try transaction.removeSession(id) else { return .done((), []) }
            return .done((), [permit.event(.sessionEnded, token: id, detail: "endedByAdministrator")])
        }
    }
}
