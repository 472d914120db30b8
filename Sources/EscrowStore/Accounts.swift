package import BitLocker
package import EscrowModel

extension Reader {
    /// The account with an ID.
    package func account(_ id: GUID) throws(StoreError) -> Account? {
        try self.connection.first(AccountColumns.byID, .guid(id), read: AccountColumns.read)
    }

    /// The account with a user name, which is given in lower case.
    package func account(userName: String) throws(StoreError) -> Account? {
        try self.connection.first(AccountColumns.byUserName, .text(userName), read: AccountColumns.read)
    }

    /// Every account, in the order in which they were made.
    package func accounts() throws(StoreError) -> [Account] {
        try self.connection.all(AccountColumns.all, read: AccountColumns.read)
    }

    /// Accounts, the latest first; those alone whose user name begins so, if that is asked for.
    package func accounts(userNamePrefix: String?, _ page: PageRequest) throws(StoreError) -> Page<Account> {
        let read = { (row: inout Row) throws(StoreError) in
            (row: try row.integer(), account: try AccountColumns.read(&row))
        }
        let after = SQLValue.integer(page.after ?? .max)
        let limit = SQLValue.integer(page.limit + 1)
        let items =
            if let userNamePrefix {
                try self.connection.all(
                    AccountColumns.pageByName,
                    PrefixRange(prefix: userNamePrefix).values + [after, limit],
                    read: read
                )
            } else {
                try self.connection.all(AccountColumns.page, [after, limit], read: read)
            }
        return Page(items, limit: page.limit) { $0.row }.map(\.account)
    }

    /// Whether anybody but an account is an active administrator over everything.
    package func hasAdministrator(otherThan account: GUID) throws(StoreError) -> Bool {
        let found = try self.connection.first(AccountColumns.otherAdministrator, .guid(account)) {
            row throws(StoreError) in try row.integer()
        }
        return found != nil
    }

    /// Whether there is any account, or any invitation.
    package func hasPeople() throws(StoreError) -> Bool {
        let found = try self.connection.first(AccountColumns.any) { row throws(StoreError) in try row.integer() }
        return found != nil
    }

    /// The invitation with the hash of its token, expired or not.
    package func invitation(hash: [UInt8]) throws(StoreError) -> Invitation? {
        try self.connection.first(AccountColumns.invitation, .bytes(hash)) { row throws(StoreError) in
            Invitation(
                hash: try row.bytes(),
                account: try row.optionalGUID(),
                codeSeed: try row.bytes(),
                expiresAt: try row.time()
            )
        }
    }
}

extension Transaction {
    /// Keeps a new account.
    package func insert(_ account: Account) throws(StoreError) {
        try self.connection.run(
            AccountColumns.insert,
            .guid(account.id),
            .text(account.userName),
            .text(account.name),
            .word(account.role),
            .text(account.scope.text),
            .bytes(account.password),
            .bytes(account.codeSeed),
            .integer(account.codeStep),
            .time(account.createdAt),
            .time(account.disabledAt),
            .time(account.signedInAt)
        )
    }

    /// Stores what an account is entered with and whether it is disabled; all else of it stays as it was made.
    package func update(_ account: Account) throws(StoreError) {
        let changed = try self.connection.run(
            AccountColumns.update,
            .guid(account.id),
            .bytes(account.password),
            .bytes(account.codeSeed),
            .integer(account.codeStep),
            .time(account.disabledAt),
            .time(account.signedInAt)
        )
        guard changed == 1 else { throw .constraint(.reference) }
    }

    /// Keeps an invitation, in the place of the one that its account had.
    package func replace(_ invitation: Invitation) throws(StoreError) {
        if let account = invitation.account { try self.removeInvitation(of: account) }
        try self.connection.run(
            AccountColumns.insertInvitation,
            .bytes(invitation.hash),
            .guid(invitation.account),
            .bytes(invitation.codeSeed),
            .time(invitation.expiresAt)
        )
    }

    /// Uses up an invitation.
    package func remove(_ invitation: Invitation) throws(StoreError) {
        try self.connection.run(AccountColumns.removeInvitation, .bytes(invitation.hash))
    }

    /// Takes back what an account was invited with.
    package func removeInvitation(of account: GUID) throws(StoreError) {
        try self.connection.run(AccountColumns.removeInvitationOf, .guid(account))
    }

    /// Keeps the hashes of an account's recovery codes, in the place of those that it had.
    package func setRecoveryCodes(_ hashes: [[UInt8]], of account: GUID) throws(StoreError) {
        try self.connection.run(AccountColumns.removeCodes, .guid(account))
        for hash in hashes { try self.connection.run(AccountColumns.insertCode, .guid(account), .bytes(hash)) }
    }

    /// Uses up a recovery code; false when the account has none with this hash.
    package func useRecoveryCode(_ hash: [UInt8], of account: GUID) throws(StoreError) -> Bool {
        try self.connection.run(AccountColumns.useCode, .guid(account), .bytes(hash)) == 1
    }
}

private enum AccountColumns {
    static let list =
        "account_id, user_name, name, role, scope, password, code_seed, code_step, created_at, disabled_at, "
        + "signed_in_at"

    static func read(_ row: inout Row) throws(StoreError) -> Account {
        Account(
            id: try row.guid(),
            userName: try row.text(),
            name: try row.text(),
            role: try row.word(),
            scope: try row.scope(),
            password: try row.optionalBytes(),
            codeSeed: try row.optionalBytes(),
            codeStep: try row.optionalInteger(),
            createdAt: try row.time(),
            disabledAt: try row.optionalTime(),
            signedInAt: try row.optionalTime()
        )
    }

    static let byID = SQL("SELECT \(Self.list) FROM account WHERE account_id = $1")
    static let byUserName = SQL("SELECT \(Self.list) FROM account WHERE user_name = $1")
    static let all = SQL("SELECT \(Self.list) FROM account ORDER BY id")
    static let page = SQL("SELECT id, \(Self.list) FROM account WHERE id < $1 ORDER BY id DESC LIMIT $2")
    static let pageByName = SQL(
        """
        SELECT id, \(Self.list) FROM account WHERE user_name >= $1 AND user_name < $2 AND id + 0 < $3
        ORDER BY id + 0 DESC LIMIT $4
        """
    )
    static let otherAdministrator = SQL(
        """
        SELECT 1 FROM account WHERE id > 0 AND role = 'administrator' AND scope IS NULL AND password IS NOT NULL
            AND disabled_at IS NULL AND account_id <> $1
        LIMIT 1
        """
    )
    static let any = SQL("SELECT 1 FROM account UNION ALL SELECT 1 FROM invitation LIMIT 1")
    static let insert = SQL(
        """
        INSERT INTO account (account_id, user_name, name, role, scope, password, code_seed, code_step, created_at,
            disabled_at, signed_in_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """
    )
    static let update = SQL(
        """
        UPDATE account SET password = $2, code_seed = $3, code_step = $4, disabled_at = $5, signed_in_at = $6
        WHERE account_id = $1
        """
    )
    static let invitation = SQL("SELECT hash, account, code_seed, expires_at FROM invitation WHERE hash = $1")
    static let insertInvitation = SQL(
        "INSERT INTO invitation (hash, account, code_seed, expires_at) VALUES ($1, $2, $3, $4)"
    )
    static let removeInvitation = SQL("DELETE FROM invitation WHERE hash = $1")
    static let removeInvitationOf = SQL("DELETE FROM invitation WHERE account = $1")
    static let insertCode = SQL("INSERT INTO recovery_code (account, hash) VALUES ($1, $2)")
    static let removeCodes = SQL("DELETE FROM recovery_code WHERE account = $1")
    static let useCode = SQL("DELETE FROM recovery_code WHERE account = $1 AND hash = $2")
}

extension SQLValue {
    fileprivate static func bytes(_ bytes: [UInt8]?) -> SQLValue { bytes.map { .bytes($0) } ?? .null }
}
