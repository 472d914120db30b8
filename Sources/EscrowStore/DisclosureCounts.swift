package import EscrowModel

extension Reader {
    /// How many disclosures counted towards a rule since a moment, at most as many as are asked for.
    ///
    /// - Parameters:
    ///   - principal: whose; nil for everybody's.
    ///   - limit: how many are counted at most.
    package func disclosures(
        under rule: String,
        by principal: String?,
        since start: Timestamp,
        limit: Int
    ) throws(StoreError) -> Int {
        let values: [SQLValue] = [.text(rule), .time(start), .integer(limit)] + (principal.map { [.text($0)] } ?? [])
        let sql = principal == nil ? CountSQL.countOfAll : CountSQL.countOfCaller
        return try self.connection.all(sql, values) { row throws(StoreError) in try row.int() }.first ?? 0
    }

    /// When the disclosure was made that is so many places from the last that counted towards a rule; nil when there are
    /// not as many.
    package func disclosure(
        under rule: String,
        by principal: String?,
        fromLast place: Int
    ) throws(StoreError) -> Timestamp? {
        let values: [SQLValue] = [.text(rule), .integer(place)] + (principal.map { [.text($0)] } ?? [])
        let sql = principal == nil ? CountSQL.lastOfAll : CountSQL.lastOfCaller
        return try self.connection.all(sql, values) { row throws(StoreError) in try row.time() }.first
    }
}

extension Transaction {
    /// Counts a disclosure towards a rule.
    package func countDisclosure(under rule: String, by principal: String, at now: Timestamp) throws(StoreError) {
        try self.connection.run(CountSQL.insert, .text(rule), .text(principal), .time(now))
    }

    /// Notes that somebody is told that a limit is near; false when they were told since a moment.
    ///
    /// - Parameters:
    ///   - principal: whose limit; empty for one of everybody.
    ///   - span: `hour` or `day`.
    package func tellOnce(
        _ rule: String,
        by principal: String,
        span: String,
        since start: Timestamp,
        at now: Timestamp
    ) throws(StoreError) -> Bool {
        let changed = try self.connection.run(
            CountSQL.tell,
            .text(rule),
            .text(principal),
            .text(span),
            .time(now),
            .time(start)
        )
        return changed == 1
    }

    /// Forgets what counts towards no limit any more; returns how many rows that were.
    package func forgetDisclosures(before end: Timestamp, limit: Int) throws(StoreError) -> Int {
        let counts = try self.connection.run(CountSQL.forgetCounts, .time(end), .integer(limit))
        let alarms = try self.connection.run(CountSQL.forgetAlarms, .time(end))
        return Int(counts + alarms)
    }
}

private enum CountSQL {
    static let countOfCaller = SQL(
        """
        SELECT count(*) FROM (SELECT 1 FROM disclosure_count WHERE rule = $1 AND principal = $4 AND disclosed_at > $2
            LIMIT $3) AS fitting
        """
    )
    static let countOfAll = SQL(
        """
        SELECT count(*) FROM (SELECT 1 FROM disclosure_count WHERE rule = $1 AND disclosed_at > $2 LIMIT $3) AS fitting
        """
    )
    static let lastOfCaller = SQL(
        """
        SELECT disclosed_at FROM disclosure_count WHERE rule = $1 AND principal = $3
        ORDER BY disclosed_at DESC LIMIT 1 OFFSET $2
        """
    )
    static let lastOfAll = SQL(
        "SELECT disclosed_at FROM disclosure_count WHERE rule = $1 ORDER BY disclosed_at DESC LIMIT 1 OFFSET $2"
    )
    static let insert = SQL("INSERT INTO disclosure_count (rule, principal, disclosed_at) VALUES ($1, $2, $3)")
    static let tell = SQL(
        """
        INSERT INTO disclosure_alarm (rule, principal, span, told_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (rule, principal, span) DO UPDATE SET told_at = excluded.told_at
            WHERE disclosure_alarm.told_at <= $5
        """
    )
    static let forgetCounts = SQL(
        """
        DELETE FROM disclosure_count WHERE id IN (
            SELECT id FROM disclosure_count WHERE disclosed_at <= $1 ORDER BY disclosed_at LIMIT $2)
        """
    )
    static let forgetAlarms = SQL("DELETE FROM disclosure_alarm WHERE told_at <= $1")
}
