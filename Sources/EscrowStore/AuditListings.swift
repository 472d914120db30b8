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
            return try self.connection.all(sql, values) { row throws(StoreError) in
                AuditListing(index: try row.integer(), time: try row.time(), record: try row.optionalBytes())
            }
        }
        return Page(items, limit: page.limit) { $0.index }
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
