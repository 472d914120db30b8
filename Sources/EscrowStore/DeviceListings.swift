import BitLocker
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

    /// One page of the devices that a filter shows.
    package func devices(_ filter: DeviceFilter, _ page: DevicePageRequest) throws(StoreError) -> DevicePage {
        let plan = DeviceListingPlan(filter)
        var isBackward = false
        if case .before? = page.edge { isBackward = true }
        let precedes = { (left: Device, right: Device) in
            plan.precedes(DevicePosition(of: left, in: plan.order), DevicePosition(of: right, in: plan.order))
                != isBackward
        }
        var items: [Device] = []
        for part in plan.parts {
            let (sql, values) = plan.statement(part, page.edge, limit: page.limit + 1)
            items += try self.connection.all(sql, values, read: DeviceColumns.read)
        }
        let others = try self.devicesFoundOtherwise(plan, page.edge)
        if plan.parts.count + others.count > 1 {
            items += others
            items.sort(by: precedes)
        }
        let hasMore = items.count > page.limit
        items = Array(items.prefix(page.limit))
        // Whoever comes back to the beginning gets a whole first page.
        if isBackward, !hasMore { return try self.devices(filter, DevicePageRequest(limit: page.limit)) }
        if isBackward { items.reverse() }
        let first = items.first.map { DevicePosition(of: $0, in: plan.order) }
        let last = items.last.map { DevicePosition(of: $0, in: plan.order) }
        return DevicePage(
            items: items,
            previous: page.edge == nil ? nil : first,
            next: isBackward || hasMore ? last : nil
        )
    }

    /// How many devices a search by something else than the name shows at most.
    private static var mostFoundOtherwise: Int { 500 }

    /// Devices whose owner, serial number, ID or Key ID was typed, and whose name does not begin with it, beyond an edge.
    private func devicesFoundOtherwise(
        _ plan: DeviceListingPlan,
        _ edge: DevicePageRequest.Edge?
    ) throws(StoreError) -> [Device] {
        guard let text = plan.filter.text, plan.groups != .only([]) else { return [] }
        let owners = PrefixRange(prefix: text)
        var searches: [(String, [SQLValue])] = [
            ("owner_lower >= $1 AND owner_lower < $2", owners.values), ("serial = $1", [.text(text)]),
        ]
        if let id = GUID(text) { searches.append(("device_id = $1", [.guid(id)])) }
        if let prefix = Self.keyIDPrefix(text) {
            searches.append(
                (
                    """
                    id IN (SELECT volume.device FROM escrowed_key CROSS JOIN volume
                    WHERE escrowed_key.key_id_prefix = $1 AND volume.id = escrowed_key.volume)
                    """, [.integer(prefix)]
                )
            )
        }
        var found: [Int64: Device] = [:]
        for (condition, values) in searches {
            let (sql, all) = plan.statement(foundBy: condition, values, limit: Self.mostFoundOtherwise)
            for device in try self.connection.all(sql, all, read: DeviceColumns.read) { found[device.row] = device }
        }
        return found.values.filter { device in
            guard !device.facts.name.lowercased().utf8.starts(with: owners.from.utf8) else { return false }
            let position = DevicePosition(of: device, in: plan.order)
            switch edge {
            case nil: return true
            case .after(let place): return plan.precedes(place, position)
            case .before(let place): return plan.precedes(position, place)
            }
        }
    }

    /// The first eight digits of a Key ID; nil when the text is none.
    private static func keyIDPrefix(_ text: String) -> Int64? {
        if let id = GUID(text) { return Int64(id.keyIDPrefix) }
        guard text.utf8.count == 8, let number = UInt32(text, radix: 16) else { return nil }
        return Int64(number)
    }

    /// How many devices in use have each reason; those of none are left out.
    package func reasonCounts(scope: Scope) throws(StoreError) -> [EscrowStatus.Reason: Int] {
        var counts: [EscrowStatus.Reason: Int] = [:]
        let read = { (row: inout Row) throws(StoreError) in (try row.word(EscrowStatus.Reason.self), try row.int()) }
        var rows: [(EscrowStatus.Reason, Int)] = []
        switch GroupChoice(scope: scope) {
        case .all: rows = try self.connection.all(FleetSQL.reasonCounts, [.text("")], read: read)
        case .only(let names):
            for name in names {
                rows += try self.connection.all(FleetSQL.reasonCountsOfGroup, [.text(name)], read: read)
            }
        }
        for (reason, count) in rows where count > 0 { counts[reason, default: 0] += count }
        return counts
    }

    /// The groups of a scope in which there are, or were, devices.
    package func deviceGroups(scope: Scope) throws(StoreError) -> [String] {
        let names = try self.connection.all(FleetSQL.groups, [.text("")]) { row throws(StoreError) in try row.text() }
        return Set(names).filter { scope.includes(group: $0) }.sorted()
    }

    /// How many devices in use have not been seen since, and have a key that is not proven: up to a limit.
    package func attention(
        scope: Scope,
        notSeenSince moment: Timestamp,
        limit: Int
    ) throws(StoreError) -> (stale: Int, unproven: Int) {
        var stale = DeviceFilter(scope: scope)
        stale.notSeenSince = moment
        var unproven = DeviceFilter(scope: scope)
        unproven.isUnproven = true
        return (try self.count(stale, limit: limit), try self.count(unproven, limit: limit))
    }

    /// How many devices a filter shows, up to a limit.
    package func count(_ filter: DeviceFilter, limit: Int) throws(StoreError) -> Int {
        let plan = DeviceListingPlan(filter)
        var total = 0
        for part in plan.parts where total < limit {
            let (sql, values) = plan.statement(part, nil, limit: limit - total)
            let count = SQL("SELECT count(*) FROM (\(sql.text)) AS fitting")
            total += try self.connection.all(count, values) { row throws(StoreError) in try row.int() }.first ?? 0
        }
        return total
    }

    /// How many devices had which status on each day from one on, a day and a status.
    package func statusHistory(
        scope: Scope,
        since day: Int64
    ) throws(StoreError) -> [Int64: [EscrowStatus.State: Int]] {
        let rows = try self.connection.all(FleetSQL.history, [.integer(day)]) { row throws(StoreError) in
            (try row.integer(), try row.text(), try row.word(EscrowStatus.State.self), try row.int())
        }
        var days: [Int64: [EscrowStatus.State: Int]] = [:]
        for (day, group, status, count) in rows where scope.includes(group: group) {
            days[day, default: [:]][status, default: 0] += count
        }
        return days
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

extension Transaction {
    /// Puts down how many devices have which status today, where that is not what is down already. How many rows changed.
    package func noteStatusHistory(day: Int64) throws(StoreError) -> Int {
        try self.connection.run(FleetSQL.noteHistory, .integer(day), .text(""))
    }
}

private enum FleetSQL {
    static let reasonCounts = SQL("SELECT status_reason, devices FROM device_reason_count WHERE device_group >= $1")
    static let reasonCountsOfGroup = SQL(
        "SELECT status_reason, devices FROM device_reason_count WHERE device_group = $1"
    )
    static let groups = SQL("SELECT device_group FROM device_count WHERE device_group >= $1")
    static let history = SQL(
        "SELECT day, device_group, status, devices FROM status_history WHERE day >= $1"
    )
    static let noteHistory = SQL(
        """
        INSERT INTO status_history (day, device_group, status, devices)
        SELECT $1, device_group, status, devices FROM device_count WHERE device_group >= $2
        ON CONFLICT (day, device_group, status) DO UPDATE SET devices = excluded.devices
        WHERE status_history.devices <> excluded.devices
        """
    )
}
