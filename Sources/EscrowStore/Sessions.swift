package import BitLocker
package import EscrowModel

extension Reader {
    /// The session with the hash of what a browser holds, alive or not.
    package func session(hash: [UInt8]) throws(StoreError) -> Session? {
        try self.connection.first(SessionColumns.byHash, .bytes(hash), read: SessionColumns.read)
    }

    /// The session with an ID, alive or not.
    package func session(_ id: GUID) throws(StoreError) -> Session? {
        try self.connection.first(SessionColumns.byID, .guid(id), read: SessionColumns.read)
    }

    /// Every session of a person, the latest first.
    package func sessions(issuer: String, subject: String) throws(StoreError) -> [Session] {
        try self.connection.all(SessionColumns.ofPerson, .text(issuer), .text(subject), read: SessionColumns.read)
    }

    /// The sessions that began with a session of a provider's.
    package func sessions(issuer: String, providerSession: String) throws(StoreError) -> [Session] {
        try self.connection.all(
            SessionColumns.ofProvider,
            .text(issuer),
            .text(providerSession),
            read: SessionColumns.read
        )
    }

    /// Everybody's sessions, the latest first, those that have ended by themselves and wait to be swept included.
    package func sessions(_ page: PageRequest) throws(StoreError) -> Page<Session> {
        let items = try self.connection.all(
            SessionColumns.page,
            .integer(page.after ?? .max),
            .integer(page.limit + 1)
        ) { row throws(StoreError) in (row: try row.integer(), session: try SessionColumns.read(&row)) }
        return Page(items, limit: page.limit) { $0.row }.map(\.session)
    }
}

extension Transaction {
    /// Keeps a new session.
    package func insert(_ session: Session) throws(StoreError) {
        try self.connection.run(
            SessionColumns.insert,
            .guid(session.id),
            .bytes(session.hash),
            .text(session.issuer),
            .text(session.subject),
            .text(session.name),
            .text(session.userName),
            .word(session.role),
            .text(session.scope.text),
            .time(session.authentication.time),
            .text(session.authentication.methods.joined(separator: " ")),
            .text(session.authentication.context),
            .text(session.providerSession),
            .text(session.address),
            .text(session.agent),
            .time(session.createdAt),
            .time(session.lastUsedAt),
            .time(session.endsAt)
        )
    }

    /// Stores when a session was used last. Nothing happens when it has ended meanwhile.
    package func touch(_ session: GUID, at now: Timestamp) throws(StoreError) {
        try self.connection.run(SessionColumns.touch, .guid(session), .time(now))
    }

    /// Puts a session under another token, with a new sign-in; false when it has ended, or has another token already.
    package func renew(
        _ session: Session,
        hash: [UInt8],
        _ authentication: Authentication,
        at now: Timestamp
    ) throws(StoreError) -> Bool {
        let changed = try self.connection.run(
            SessionColumns.renew,
            .guid(session.id),
            .bytes(session.hash),
            .bytes(hash),
            .time(authentication.time),
            .text(authentication.methods.joined(separator: " ")),
            .text(authentication.context),
            .time(now)
        )
        return changed == 1
    }

    /// Ends a session; false when it is not there any more.
    package func removeSession(_ id: GUID) throws(StoreError) -> Bool {
        try self.connection.run(SessionColumns.remove, .guid(id)) == 1
    }

    /// Removes what has ended by itself, and tells how many there were.
    package func removeSessions(endedBy now: Timestamp) throws(StoreError) -> Int {
        try self.connection.run(SessionColumns.sweep, .time(now))
    }
}

private enum SessionColumns {
    static let list = """
        session_id, hash, issuer, subject, name, user_name, role, scope, authenticated_at, methods, context, \
        provider_session, address, agent, created_at, last_used_at, ends_at
        """

    static func read(_ row: inout Row) throws(StoreError) -> Session {
        Session(
            id: try row.guid(),
            hash: try row.bytes(),
            issuer: try row.text(),
            subject: try row.text(),
            name: try row.text(),
            userName: try row.optionalText(),
            role: try row.word(),
            scope: try row.scope(),
            authentication: Authentication(
                time: try row.time(),
                methods: try row.text().split(separator: " ").map(String.init),
                context: try row.optionalText()
            ),
            providerSession: try row.optionalText(),
            address: try row.text(),
            agent: try row.optionalText(),
            createdAt: try row.time(),
            lastUsedAt: try row.time(),
            endsAt: try row.time()
        )
    }

    static let byHash = SQL("SELECT \(Self.list) FROM session WHERE hash = $1")
    static let byID = SQL("SELECT \(Self.list) FROM session WHERE session_id = $1")
    static let ofPerson = SQL("SELECT \(Self.list) FROM session WHERE issuer = $1 AND subject = $2 ORDER BY id DESC")
    static let ofProvider = SQL(
        "SELECT \(Self.list) FROM session WHERE issuer = $1 AND provider_session = $2 ORDER BY id"
    )
    static let page = SQL("SELECT id, \(Self.list) FROM session WHERE id < $1 ORDER BY id DESC LIMIT $2")
    static let insert = SQL(
        """
        INSERT INTO session (session_id, hash, issuer, subject, name, user_name, role, scope, authenticated_at, methods,
            context, provider_session, address, agent, created_at, last_used_at, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        """
    )
    static let touch = SQL("UPDATE session SET last_used_at = $2 WHERE session_id = $1 AND last_used_at < $2")
    static let renew = SQL(
        """
        UPDATE session SET hash = $3, authenticated_at = $4, methods = $5, context = $6, last_used_at = $7
        WHERE session_id = $1 AND hash = $2
        """
    )
    static let remove = SQL("DELETE FROM session WHERE session_id = $1")
    static let sweep = SQL("DELETE FROM session WHERE ends_at <= $1")
}
