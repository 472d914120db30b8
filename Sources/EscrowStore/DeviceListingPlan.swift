import EscrowModel

/// How a page of a list of devices is read: from one place of an index, or from as many as the filter has groups and reasons.
///
/// Each part is one range of an index that begins with the part's equals and goes on in the list's order; nothing is sorted
/// by the engine. What an index does not answer is left to filter what it finds.
struct DeviceListingPlan {
    /// One range of an index.
    struct Part: Equatable {
        var group: String?
        var reason: EscrowStatus.Reason?
    }

    let filter: DeviceFilter
    let groups: GroupChoice
    let order: DeviceFilter.Order
    /// Whether devices that have something seldom are walked, whatever else is asked of them.
    private let isFlagged: Bool

    init(_ filter: DeviceFilter) {
        self.filter = filter
        self.groups = GroupChoice(scope: filter.scope, group: filter.group)
        self.order = filter.orderInForce
        self.isFlagged = filter.isOnLegalHold || filter.isUnproven
    }

    var parts: [Part] {
        guard !self.isFlagged else { return self.groups == .only([]) ? [] : [Part()] }
        let reasons: [EscrowStatus.Reason?] =
            if let reason = self.filter.reason {
                [reason]
            } else if let status = self.filter.status {
                EscrowStatus.Reason.allCases.filter { $0.state == status }
            } else {
                [nil]
            }
        let names: [String?] =
            switch self.groups {
            case .all: [nil]
            case .only(let names): names
            }
        return names.flatMap { name in reasons.map { Part(group: name, reason: $0) } }
    }

    /// The column that the list is ordered by.
    private var column: String { self.order == .name ? "name_lower" : "seen_day" }

    /// Whether the list goes up along its index.
    var isAscending: Bool { self.order != .lastSeen }

    func statement(_ part: Part, _ edge: DevicePageRequest.Edge?, limit: Int) -> (SQL, [SQLValue]) {
        var query = ListQuery()
        if self.filter.isOnLegalHold {
            query.require("is_on_legal_hold = 1")
        } else if self.filter.isUnproven {
            query.require("is_unproven = 1")
        }
        query.require(self.filter.isRetired ? "state = 'retired'" : "state = 'active'")
        if let group = part.group { query.lead("device_group", .text(group)) }
        if let reason = part.reason { query.lead("status_reason", .word(reason)) }
        if self.isFlagged { self.requireFlagged(&query) }
        if let status = self.filter.status { query.residual("status", .word(status)) }
        let isBackward = self.requireRange(edge, &query)
        let direction = self.isAscending != isBackward ? "" : " DESC"
        let count = query.parameter(.integer(limit))
        let sql = SQL(
            """
            SELECT \(DeviceColumns.list) FROM device WHERE \(query.conditionText)
            ORDER BY \(self.column)\(direction), id\(direction) LIMIT \(count)
            """
        )
        return (sql, query.values)
    }

    /// Devices that are found by something else than the list's own index, few enough to be sorted by hand.
    func statement(foundBy condition: String, _ values: [SQLValue], limit: Int) -> (SQL, [SQLValue]) {
        var query = ListQuery()
        for value in values { _ = query.parameter(value) }
        query.require(condition)
        query.residual("state", .word(self.filter.isRetired ? Device.State.retired : .active))
        if self.filter.isOnLegalHold { query.require("is_on_legal_hold + 0 = 1") }
        self.requireFlagged(&query)
        if !self.isFlagged {
            if let reason = self.filter.reason { query.residual("status_reason", .word(reason)) }
            if case .only(let names) = self.groups { query.residual("device_group", in: names) }
        }
        if let status = self.filter.status { query.residual("status", .word(status)) }
        if let moment = self.filter.notSeenSince { query.require("last_seen_at < \(query.parameter(.time(moment)))") }
        let count = query.parameter(.integer(limit))
        return (
            SQL("SELECT \(DeviceColumns.list) FROM device WHERE \(query.conditionText) LIMIT \(count)"), query.values
        )
    }

    /// What devices with a flag must have besides.
    private func requireFlagged(_ query: inout ListQuery) {
        if self.filter.isUnproven { query.require("is_unproven + 0 = 1") }
        guard self.isFlagged else { return }
        if let reason = self.filter.reason { query.residual("status_reason", .word(reason)) }
        if case .only(let names) = self.groups { query.residual("device_group", in: names) }
    }

    /// Writes the range of the index's last column; whether it is walked backwards.
    private func requireRange(_ edge: DevicePageRequest.Edge?, _ query: inout ListQuery) -> Bool {
        var from = self.filter.text.map { SQLValue.text(PrefixRange(prefix: $0).from) }
        var to = self.filter.text.map { SQLValue.text(PrefixRange(prefix: $0).to) }
        if let moment = self.filter.notSeenSince {
            query.require("last_seen_at < \(query.parameter(.time(moment)))")
            if self.order != .name { to = .integer(moment.dayNumber + 1) }
        }
        var isBackward = false
        if let edge {
            let position: DevicePosition
            switch edge {
            case .after(let place): position = place
            case .before(let place):
                position = place
                isBackward = true
            }
            let value: SQLValue =
                switch position.key {
                case .name(let name): .text(name)
                case .day(let day): .integer(day)
                }
            let goesUp = self.isAscending != isBackward
            // A place within the range takes the place of one end. The place of a device that was found by something else than
            // its name can be outside: then the end is nearer.
            if !self.isBefore(position.key, from, goesUp: goesUp), !self.isBeyond(position.key, to, goesUp: goesUp) {
                if goesUp { from = nil } else { to = nil }
                query.require(
                    "(\(self.column), id) \(goesUp ? ">" : "<") (\(query.parameter(value)), \(query.parameter(.integer(position.row))))"
                )
            }
        }
        if let from { query.require("\(self.column) >= \(query.parameter(from))") }
        if let to { query.require("\(self.column) < \(query.parameter(to))") }
        return isBackward
    }

    /// Whether a name comes before the range of names that is walked up.
    private func isBefore(_ key: DevicePosition.Key, _ from: SQLValue?, goesUp: Bool) -> Bool {
        guard goesUp, case .name(let name) = key, case .text(let start)? = from else { return false }
        return name.utf8.lexicographicallyPrecedes(start.utf8)
    }

    /// Whether a name comes after the range of names that is walked down.
    private func isBeyond(_ key: DevicePosition.Key, _ to: SQLValue?, goesUp: Bool) -> Bool {
        guard !goesUp, case .name(let name) = key, case .text(let end)? = to else { return false }
        return !name.utf8.lexicographicallyPrecedes(end.utf8)
    }

    /// Whether one device comes before another.
    func precedes(_ left: DevicePosition, _ right: DevicePosition) -> Bool {
        switch (left.key, right.key) {
        case (.name(let one), .name(let other)) where one != other || left.row == right.row:
            // As the engine compares texts: by their bytes.
            return one.utf8.lexicographicallyPrecedes(other.utf8)
        case (.day(let one), .day(let other)) where one != other: return (one < other) == self.isAscending
        default: return (left.row < right.row) == self.isAscending && left.row != right.row
        }
    }
}
