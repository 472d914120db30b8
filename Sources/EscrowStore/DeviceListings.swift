package import EscrowModel

extension Reader {
    /// The devices of a scope, retired ones too, in the order in which they enrolled.
    ///
    /// - Parameter namePrefix: the beginning of the device's name, in either case.
    package func deviceListings(
        scope: Scope,
        namePrefix: String? = nil,
        _ page: PageRequest
    ) throws(StoreError) -> Page<Device> {
        var namesLead = false
        if let namePrefix {
            let values = PrefixRange(prefix: namePrefix).values
            namesLead = try self.areFew("device", "name_lower >= $1 AND name_lower < $2", values)
        }
        let groups = GroupChoice(scope: scope)
        let items: [Device]
        if case .only(let names) = groups, !namesLead {
            items = try self.merged(names, limit: page.limit + 1, order: { $0.row < $1.row }) {
                group throws(StoreError) in
                var query = ListQuery()
                query.lead("device_group", .text(group))
                return try self.devices(&query, namePrefix, page, namesLead: false)
            }
        } else {
            var query = ListQuery()
            if case .only(let names) = groups { query.residual("device_group", in: names) }
            items = try self.devices(&query, namePrefix, page, namesLead: namesLead)
        }
        return Page(items, limit: page.limit) { $0.row }
    }

    /// How many devices in use have each status.
    package func statusCounts(scope: Scope) throws(StoreError) -> [EscrowStatus.State: Int] {
        var query = ListQuery()
        if case .only(let names) = GroupChoice(scope: scope) {
            let parameters = names.map { query.parameter(.text($0)) }
            query.require(parameters.isEmpty ? "1 = 0" : "device_group IN (\(parameters.joined(separator: ", ")))")
        } else {
            query.require("1 = 1")
        }
        let sql = SQL("SELECT status, devices FROM device_count WHERE \(query.conditionText)")
        var counts: [EscrowStatus.State: Int] = [:]
        for state in EscrowStatus.State.allCases { counts[state] = 0 }
        let rows = try self.connection.all(sql, query.values) { row throws(StoreError) in
            (try row.word(EscrowStatus.State.self), try row.int())
        }
        for (state, count) in rows { counts[state, default: 0] += count }
        return counts
    }

    /// How many devices in use each group of a scope has, by the group's name. A group without one is not there.
    package func groupCounts(scope: Scope) throws(StoreError) -> [String: Int] {
        var query = ListQuery()
        if case .only(let names) = GroupChoice(scope: scope) {
            let parameters = names.map { query.parameter(.text($0)) }
            query.require(parameters.isEmpty ? "1 = 0" : "device_group IN (\(parameters.joined(separator: ", ")))")
        } else {
            query.require("1 = 1")
        }
        let sql = SQL("SELECT device_group, devices FROM device_count WHERE \(query.conditionText)")
        let rows = try self.connection.all(sql, query.values) { row throws(StoreError) in
            (group: try row.text(), devices: try row.int())
        }
        return Dictionary(rows.filter { $0.devices > 0 }.map { ($0.group, $0.devices) }, uniquingKeysWith: +)
    }

    private func devices(
        _ query: inout ListQuery,
        _ namePrefix: String?,
        _ page: PageRequest,
        namesLead: Bool
    ) throws(StoreError) -> [Device] {
        let row = namesLead ? "id + 0" : "id"
        query.require("\(row) > \(query.parameter(.integer(page.after ?? 0)))")
        if let namePrefix {
            let range = PrefixRange(prefix: namePrefix)
            let column = namesLead ? "name_lower" : "name_lower || ''"
            query.require("\(column) >= \(query.parameter(.text(range.from)))")
            query.require("\(column) < \(query.parameter(.text(range.to)))")
        }
        let limit = query.parameter(.integer(page.limit + 1))
        let sql = SQL(
            "SELECT \(DeviceColumns.list) FROM device WHERE \(query.conditionText) ORDER BY \(row) LIMIT \(limit)"
        )
        return try self.connection.all(sql, query.values, read: DeviceColumns.read)
    }
}
