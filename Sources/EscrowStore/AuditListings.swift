import BitLocker
package import EscrowModel

extension Reader {
    /// Entries of the audit log, the newest first.
    package func auditListings(_ filter: AuditFilter, _ page: PageRequest) throws(StoreError) -> Page<AuditListing> {
        // Times never go back along the log, so a span of time is a span of the log.
        let from = try filter.since.map { moment throws(StoreError) in try self.firstIndex(at: moment) } ?? 0
        var to = try filter.before.map { moment throws(StoreError) in try self.firstIndex(at: moment) } ?? .max
        if let after = page.after { to = min(to, after) }
        let lead = AuditLead(filter)
        let groups = GroupChoice(scope: filter.scope)
        let items: [AuditListing]
        if case .only(let names) = groups, lead == .group {
            items = try self.merged(names, limit: page.limit + 1, order: { $0.index > $1.index }) {
                group throws(StoreError) in
                try self.entries(
                    filter,
                    from..<max(from, to),
                    limit: page.limit + 1,
                    lead: lead,
                    groups: .only([group])
                )
            }
        } else {
            items = try self.entries(filter, from..<max(from, to), limit: page.limit + 1, lead: lead, groups: groups)
        }
        return Page(items, limit: page.limit) { $0.index }
    }

    private func entries(
        _ filter: AuditFilter,
        _ range: Range<Int64>,
        limit: Int,
        lead: AuditLead,
        groups: GroupChoice
    ) throws(StoreError) -> [AuditListing] {
        var query = ListQuery()
        query.require("id >= \(query.parameter(.integer(range.lowerBound)))")
        query.require("id < \(query.parameter(.integer(range.upperBound)))")
        func require(_ part: AuditLead, _ column: String, _ value: SQLValue) {
            if lead == part { query.lead(column, value) } else { query.residual(column, value) }
        }
        if let device = filter.device { query.lead("device", .guid(device)) }
        if let principal = filter.principal { require(.principal, "principal", .text(principal)) }
        if let name = filter.name {
            // A device has no name but its ID, which is in its principal.
            if let device = GUID(name) {
                require(.name, "principal", .text(Caller.Identity.device(device).principal))
            } else {
                require(.name, "name", .text(name))
            }
        }
        if let source = filter.source { require(.source, "source", .text(source)) }
        if let kind = filter.kind { require(.kind, "kind", .word(kind)) }
        if let outcome = filter.outcome { require(.outcome, "outcome", .word(outcome)) }
        if case .only(let names) = groups {
            if lead == .group, let name = names.first {
                query.lead("device_group", .text(name))
            } else {
                query.residual("device_group", in: names)
            }
        }
        let sql = SQL(
            """
            SELECT id, time, record FROM audit_entry WHERE \(query.conditionText)
            ORDER BY id DESC LIMIT \(query.parameter(.integer(limit)))
            """
        )
        return try self.connection.all(sql, query.values) { row throws(StoreError) in
            AuditListing(index: try row.integer(), time: try row.time(), record: try row.optionalBytes())
        }
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

/// Which index finds the entries. All else only passes over some of them.
private enum AuditLead: Equatable {
    case device, principal, name, source, kind, outcome, group, index

    init(_ filter: AuditFilter) {
        self =
            if filter.device != nil {
                .device
            } else if filter.principal != nil {
                .principal
            } else if filter.name != nil {
                .name
            } else if filter.source != nil {
                .source
            } else if filter.outcome.map({ $0 != .success }) == true {
                .outcome
            } else if filter.kind != nil {
                .kind
            } else if filter.scope != .everything {
                .group
            } else if filter.outcome != nil {
                .outcome
            } else {
                .index
            }
    }
}

extension Caller.Identity {
    /// The principal of a caller that is known in this way.
    fileprivate var principal: String {
        Caller(identity: self, role: .device, scope: .groups([]), source: Source(address: "")).principal
    }
}
