package import BitLocker
package import EscrowModel

extension Reader {
    /// The API token with an ID, valid or not.
    package func apiToken(_ id: GUID) throws(StoreError) -> APIToken? {
        try self.connection.first(APITokenColumns.byID, .guid(id), read: APITokenColumns.read)
    }

    /// Every API token, in the order in which they were made.
    package func apiTokens() throws(StoreError) -> [APIToken] {
        try self.connection.all(APITokenColumns.all, read: APITokenColumns.read)
    }

    /// API tokens, the latest first.
    package func apiTokens(_ page: PageRequest) throws(StoreError) -> Page<APIToken> {
        let items = try self.connection.all(
            APITokenColumns.page,
            .integer(page.after ?? .max),
            .integer(page.limit + 1)
        ) { row throws(StoreError) in (row: try row.integer(), token: try APITokenColumns.read(&row)) }
        return Page(items, limit: page.limit) { $0.row }.map(\.token)
    }
}

extension Transaction {
    /// Keeps a new API token. Throws `.constraint(.apiTokenID)` when its ID is there.
    package func insert(_ token: APIToken) throws(StoreError) {
        try self.connection.run(
            APITokenColumns.insert,
            .guid(token.id),
            .text(token.name),
            .bytes(token.hash),
            .word(token.role),
            .text(token.scope.text),
            .time(token.createdAt),
            .time(token.expiresAt),
            .time(token.revokedAt),
            .guid(token.breakGlass)
        )
    }

    /// Stores whether a token is revoked; all else of it stays as it was made.
    package func update(_ token: APIToken) throws(StoreError) {
        let changed = try self.connection.run(APITokenColumns.update, .guid(token.id), .time(token.revokedAt))
        guard changed == 1 else { throw .constraint(.reference) }
    }
}

private enum APITokenColumns {
    static let list = "token_id, name, hash, role, scope, created_at, expires_at, revoked_at, break_glass"

    static func read(_ row: inout Row) throws(StoreError) -> APIToken {
        APIToken(
            id: try row.guid(),
            name: try row.text(),
            hash: try row.bytes(),
            role: try row.word(),
            scope: try row.scope(),
            createdAt: try row.time(),
            expiresAt: try row.optionalTime(),
            revokedAt: try row.optionalTime(),
            breakGlass: try row.optionalGUID()
        )
    }

    static let byID = SQL("SELECT \(Self.list) FROM api_token WHERE token_id = $1")
    static let all = SQL("SELECT \(Self.list) FROM api_token ORDER BY id")
    static let page = SQL("SELECT id, \(Self.list) FROM api_token WHERE id < $1 ORDER BY id DESC LIMIT $2")
    static let insert = SQL(
        """
        INSERT INTO api_token (token_id, name, hash, role, scope, created_at, expires_at, revoked_at,
            break_glass)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """
    )
    static let update = SQL("UPDATE api_token SET revoked_at = $2 WHERE token_id = $1")
}
