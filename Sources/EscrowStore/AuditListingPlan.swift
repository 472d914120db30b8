import BitLocker
import EscrowModel

/// Which indexes find the entries that a filter shows, and the statements that follow from it.
struct AuditListingPlan {
    /// What finds the entries, in their order. All else only passes over some of them.
    enum Lead: Hashable {
        /// The log itself.
        case all
        case device(GUID)
        /// What a device did to itself, which is found by the device: see `AuditRecord.principal`.
        case itself(GUID)
        case principal(String)
        case name(String)
        case source(String)
        case kind(AuditEvent.Kind)
        /// Any but success.
        case outcome(AuditEvent.Outcome)
        case group(String)
    }

    /// Which way the log is walked.
    enum Order: String {
        case newestFirst = "DESC"
        case oldestFirst = "ASC"
    }

    /// The leads whose entries together are those that the filter shows, each in one of them only.
    let leads: [Lead]
    private let filter: AuditFilter
    private let groups: GroupChoice
    private let principals: [String]
    private let name: String?

    init(_ filter: AuditFilter) {
        self.filter = filter
        self.groups = GroupChoice(scope: filter.scope)
        // A device has no name but its ID, which is in its principal.
        let device = filter.name.flatMap { GUID($0) }
        self.name = device == nil ? filter.name : nil
        let principals = [filter.principal, device.map { Self.devicePrincipal + $0.description }].compactMap { $0 }
        self.principals = principals
        self.leads =
            if let device = filter.device {
                [.device(device)]
            } else if let principal = principals.first {
                Self.device(ofPrincipal: principal).map { [.itself($0), .principal(principal)] }
                    ?? [.principal(principal)]
            } else if let name {
                [.name(name)]
            } else if let source = filter.source {
                [.source(source)]
            } else if let outcome = filter.outcome, outcome != .success {
                [.outcome(outcome)]
            } else if let kind = filter.kind {
                [.kind(kind)]
            } else if case .only(let names) = self.groups {
                names.map { .group($0) }
            } else {
                [.all]
            }
    }

    func statement(
        _ lead: Lead,
        _ range: Range<Int64>,
        limit: Int,
        order: Order = .newestFirst
    ) -> (SQL, [SQLValue]) {
        var query = ListQuery()
        query.require("id >= \(query.parameter(.integer(range.lowerBound)))")
        query.require("id < \(query.parameter(.integer(range.upperBound)))")
        switch lead {
        case .all: break
        case .device(let device): query.lead("device", .guid(device))
        case .itself(let device):
            query.lead("device", .guid(device))
            query.require("principal || '' IS NULL")
        case .principal(let principal): query.lead("principal", .text(principal))
        case .name(let name): query.lead("name", .text(name))
        case .source(let source): query.lead("source", .text(source))
        case .kind(let kind): query.lead("kind", .word(kind))
        case .outcome(let outcome):
            query.lead("outcome", .word(outcome))
            query.require("outcome <> 'success'")
        case .group(let group): query.lead("device_group", .text(group))
        }
        self.requireRest(lead, in: &query)
        let sql = SQL(
            """
            SELECT id, time, kind, record FROM audit_entry WHERE \(query.conditionText)
            ORDER BY id \(order.rawValue) LIMIT \(query.parameter(.integer(limit)))
            """
        )
        return (sql, query.values)
    }

    /// Every condition but the lead's, for entries found by that. The device's is a lead wherever there is one.
    private func requireRest(_ lead: Lead, in query: inout ListQuery) {
        for principal in self.principals where lead != .principal(principal) {
            guard let device = Self.device(ofPrincipal: principal) else {
                query.residual("principal", .text(principal))
                continue
            }
            guard lead != .itself(device) else { continue }
            let explicit = query.parameter(.text(principal))
            let own = query.parameter(.guid(device))
            query.require("(principal || '' = \(explicit) OR principal || '' IS NULL AND device = \(own))")
        }
        if let name, lead != .name(name) { query.residual("name", .text(name)) }
        if let source = self.filter.source, lead != .source(source) { query.residual("source", .text(source)) }
        if let kind = self.filter.kind, lead != .kind(kind) { query.residual("kind", .word(kind)) }
        if let outcome = self.filter.outcome, lead != .outcome(outcome) { query.residual("outcome", .word(outcome)) }
        if case .only(let names) = self.groups {
            if case .group = lead { return }
            query.residual("device_group", in: names)
        }
    }

    private static let devicePrincipal = "device:"

    /// The device that a principal is; nil when it is none.
    private static func device(ofPrincipal principal: String) -> GUID? {
        guard principal.hasPrefix(Self.devicePrincipal) else { return nil }
        return GUID(principal.dropFirst(Self.devicePrincipal.count))
    }
}
