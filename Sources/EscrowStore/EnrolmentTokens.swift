package import BitLocker
package import EscrowModel

extension Reader {
    /// The enrolment token with an ID, valid or not.
    package func enrolmentToken(_ id: GUID) throws(StoreError) -> EnrolmentToken? {
        try self.connection.first(EnrolmentTokenColumns.byID, .guid(id), read: EnrolmentTokenColumns.read)
    }

    /// Every enrolment token, in the order in which they were made.
    package func enrolmentTokens() throws(StoreError) -> [EnrolmentToken] {
        try self.connection.all(EnrolmentTokenColumns.all, read: EnrolmentTokenColumns.read)
    }

    /// Enrolment tokens, the latest first.
    package func enrolmentTokens(_ page: PageRequest) throws(StoreError) -> Page<EnrolmentToken> {
        let items = try self.connection.all(
            EnrolmentTokenColumns.page,
            .integer(page.after ?? .max),
            .integer(page.limit + 1)
        ) { row throws(StoreError) in (row: try row.integer(), token: try EnrolmentTokenColumns.read(&row)) }
        return Page(items, limit: page.limit) { $0.row }.map(\.token)
    }
}

extension Transaction {
    /// Keeps a new enrolment token. Throws `.constraint(.enrolmentTokenID)` when its ID is there.
    package func insert(_ token: EnrolmentToken) throws(StoreError) {
        try self.connection.run(
            EnrolmentTokenColumns.insert,
            .guid(token.id),
            .text(token.name),
            .bytes(token.hash),
            .text(token.group),
            .integer(token.maximumUses.map { Int64($0) }),
            .integer(token.uses),
            .time(token.createdAt),
            .time(token.expiresAt),
            .time(token.revokedAt)
        )
    }

    /// Stores how often a token was used and whether it is revoked; all else of it stays as it was made.
    package func update(_ token: EnrolmentToken) throws(StoreError) {
        let changed = try self.connection.run(
            EnrolmentTokenColumns.update,
            .guid(token.id),
            .integer(token.uses),
            .time(token.revokedAt)
        )
        guard changed == 1 else { throw .constraint(.reference) }
    }
}

private enum EnrolmentTokenColumns {
    static let list = "token_id, name, hash, device_group, maximum_uses, uses, created_at, expires_at, revoked_at"

    static func read(_ row: inout Row) throws(StoreError) -> EnrolmentToken {
        EnrolmentToken(
            id: try row.guid(),
            name: try row.text(),
            hash: try row.bytes(),
            group: try row.text(),
            maximumUses: try row.optional { row throws(StoreError) in try row.int() },
            uses: try row.int(),
            createdAt: try row.time(),
            expiresAt: try row.optionalTime(),
            revokedAt: try row.optionalTime()
        )
    }

    static let byID = SQL("SELECT \(Self.list) FROM enrolment_token WHERE token_id = $1")
    static let all = SQL("SELECT \(Self.list) FROM enrolment_token ORDER BY id")
    static let page = SQL("SELECT id, \(Self.list) FROM enrolment_token WHERE id < $1 ORDER BY id DESC LIMIT $2")
    static let insert = SQL(
        """
        INSERT INTO enrolment_token (token_id, name, hash, device_group, maximum_uses, uses, created_at, expires_at,
            revoked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """
    )
    static let update = SQL("UPDATE enrolment_token SET uses = $2, revoked_at = $3 WHERE token_id = $1")
}
