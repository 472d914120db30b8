package import BitLocker
package import EscrowModel

extension Reader {
    /// The setup that shares can open; there is one at most.
    package func sealedBreakGlass() throws(StoreError) -> BreakGlassSetup? {
        try self.connection.first(BreakGlassColumns.sealed, read: BreakGlassColumns.read)
    }

    /// The setup with an ID.
    package func breakGlass(_ id: GUID) throws(StoreError) -> BreakGlassSetup? {
        try self.connection.first(BreakGlassColumns.byID, .guid(id), read: BreakGlassColumns.read)
    }

    /// Setups by which somebody is in at a moment.
    package func openBreakGlass(at now: Timestamp) throws(StoreError) -> [BreakGlassSetup] {
        try self.connection.all(BreakGlassColumns.open, .time(now), read: BreakGlassColumns.read)
    }

    /// The latest setups, the newest first.
    package func breakGlassSetups(limit: Int) throws(StoreError) -> [BreakGlassSetup] {
        try self.connection.all(BreakGlassColumns.latest, .integer(limit), read: BreakGlassColumns.read)
    }
}

extension Transaction {
    /// Keeps a new setup. There must be no other that is sealed.
    package func insert(_ setup: BreakGlassSetup) throws(StoreError) {
        try self.connection.run(
            BreakGlassColumns.insert,
            .guid(setup.id),
            .word(setup.state),
            .integer(setup.shares),
            .integer(setup.threshold),
            .word(setup.role),
            .integer(setup.window.milliseconds),
            .bytes(setup.salt),
            .bytes(setup.verifier),
            .time(setup.createdAt),
            .text(setup.createdBy)
        )
    }

    /// Stores what became of a setup; all else of it stays as it was made.
    package func update(_ setup: BreakGlassSetup) throws(StoreError) {
        let changed = try self.connection.run(
            BreakGlassColumns.update,
            .guid(setup.id),
            .word(setup.state),
            .time(setup.openedAt),
            .time(setup.endsAt),
            .guid(setup.token),
            .time(setup.revokedAt)
        )
        guard changed == 1 else { throw .constraint(.reference) }
    }
}

private enum BreakGlassColumns {
    private static let list = """
        setup_id, state, shares, threshold, role, open_for, salt, verifier, created_at, created_by, opened_at, \
        ends_at, token_id, revoked_at
        """

    static func read(_ row: inout Row) throws(StoreError) -> BreakGlassSetup {
        BreakGlassSetup(
            id: try row.guid(),
            state: try row.word(),
            shares: try row.int(),
            threshold: try row.int(),
            role: try row.word(),
            window: TimeSpan(milliseconds: try row.integer()),
            salt: try row.bytes(),
            verifier: try row.bytes(),
            createdAt: try row.time(),
            createdBy: try row.text(),
            openedAt: try row.optionalTime(),
            endsAt: try row.optionalTime(),
            token: try row.optionalGUID(),
            revokedAt: try row.optionalTime()
        )
    }

    static let sealed = SQL("SELECT \(Self.list) FROM break_glass WHERE state = 'sealed'")
    static let byID = SQL("SELECT \(Self.list) FROM break_glass WHERE setup_id = $1")
    static let open = SQL("SELECT \(Self.list) FROM break_glass WHERE state = 'opened' AND ends_at > $1")
    static let latest = SQL("SELECT \(Self.list) FROM break_glass WHERE id > 0 ORDER BY id DESC LIMIT $1")
    static let insert = SQL(
        """
        INSERT INTO break_glass (setup_id, state, shares, threshold, role, open_for, salt, verifier, created_at,
            created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """
    )
    static let update = SQL(
        """
        UPDATE break_glass SET state = $2, opened_at = $3, ends_at = $4, token_id = $5, revoked_at = $6
        WHERE setup_id = $1
        """
    )
}
