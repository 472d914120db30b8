package import EscrowModel

extension Reader {
    /// Entries of the audit log, the newest first.
    package func auditListings(_ filter: AuditFilter, _ page: PageRequest) throws(StoreError) -> Page<AuditListing> {
        // Times never go back along the log, so a span of time is a span of the log.
        let from = try filter.since.map { moment throws(StoreError) in try self.firstIndex(at: moment) } ?? 0
        var to = try filter.before.map { moment throws(StoreError) in try self.firstIndex(at: moment) } ?? .max
        if let after = page.after { to = min(to, after) }
        let plan = AuditListingPlan(filter)
        let items = try self.merged(plan.leads, limit: page.limit + 1, order: { $0.index > $1.index }) {
            lead throws(StoreError) in
            let (sql, values) = plan.statement(lead, from..<max(from, to), limit: page.limit + 1)
            return try self.connection.all(sql, values, read: Self.readListing)
        }
        return Page(items, limit: page.limit) { $0.index }
    }

    /// Entries of the audit log that a filter shows, the oldest first, from one index up to another.
    ///
    /// - Parameters:
    ///   - range: the part of the log that is walked; the filter's times narrow it further.
    ///   - limit: how many at most. When fewer come, there are no more.
    package func auditEntries(
        _ filter: AuditFilter,
        in range: Range<Int64>,
        limit: Int
    ) throws(StoreError) -> [AuditListing] {
        let plan = AuditListingPlan(filter)
        return try self.merged(plan.leads, limit: limit, order: { $0.index < $1.index }) { lead throws(StoreError) in
            let (sql, values) = plan.statement(lead, range, limit: limit, order: .oldestFirst)
            return try self.connection.all(sql, values, read: Self.readListing)
        }
    }

    /// The part of the log, up to an index, in which the entries of a filter's span of time are.
    package func auditRange(_ filter: AuditFilter, upTo size: Int64) throws(StoreError) -> Range<Int64> {
        let from = try filter.since.map { moment throws(StoreError) in try self.firstIndex(at: moment) } ?? 0
        let to = try filter.before.map { moment throws(StoreError) in try self.firstIndex(at: moment) } ?? size
        return min(from, size)..<max(min(from, size), min(to, size))
    }

    private static func readListing(_ row: inout Row) throws(StoreError) -> AuditListing {
        AuditListing(
            index: try row.integer(),
            time: try row.time(),
            kind: try row.text(),
            record: try row.optionalBytes()
        )
    }

    /// The index of the first entry at a moment or later, the log's size when there is none. A binary search.
    private func firstIndex(at moment: Timestamp) throws(StoreError) -> Int64 {
        var low: Int64 = 0
        var high = try self.logHead()?.size ?? 0
        while low < high {
            let middle = low + (high - low) / 2
            guard let time = try self.connection.first(Self.timeOfEntry, .integer(middle), read: Self.readTime) else {
                throw .corrupt("table audit_entry has no entry \(middle)")
            }
            if time < moment { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func readTime(_ row: inout Row) throws(StoreError) -> Timestamp { try row.time() }
    private static let timeOfEntry = SQL("SELECT time FROM audit_entry WHERE id = $1")
}
