import AuditFormats
import EscrowModel
import EscrowService
import Hummingbird

/// `/fleet`: how escrow stands, over time and now, and what wants looking after, each a click from the devices.
struct FleetPage: Sendable {
    /// How many days the chart shows.
    private static let days = 30
    /// How many disclosures are read at most.
    private static let disclosures = 500

    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("fleet", use: self.portal.page(self.show))
    }

    @Sendable
    private func show(_ visit: Visit) async throws -> Response {
        let fleet = try await visit.service.fleet(days: Self.days, by: visit.caller)
        var values: [String: Any] = [
            "isEmpty": fleet.devices == 0, "mayEnrol": visit.mayUse(.readPolicy),
            "cards": EscrowStatus.State.allCases.map { self.card($0, fleet, visit) },
            "total": visit.number(fleet.devices),
            "chart": self.chart(fleet, visit).stackedBars(visit.formats),
            "attention": self.attention(fleet, visit),
        ]
        let failing = fleet.reasons.filter { $0.key != .none && $0.value > 0 }
            .sorted { ($0.value, $0.key.rawValue) > ($1.value, $1.key.rawValue) }
        values["hasFailing"] = !failing.isEmpty
        values["failing"] = BarList(
            title: visit.text("whatFails"),
            bars: failing.map { reason, count in
                BarList.Bar(
                    name: visit.word("why", reason),
                    value: count,
                    path: "/devices?reason=\(reason.rawValue)",
                    colour: self.colour(of: reason.state)
                )
            }
        ).table(visit.formats)
        if visit.mayUse(.readAudit) {
            values["seesDisclosures"] = true
            for (key, value) in try await self.disclosures(visit) { values[key] = value }
        }
        return visit.page(.fleet, title: "fleet", values)
    }

    private func card(_ state: EscrowStatus.State, _ fleet: FleetStanding, _ visit: Visit) -> [String: Any] {
        let count = fleet.statuses[state] ?? 0
        return [
            "state": state.rawValue, "text": visit.word("status", state), "number": visit.number(count),
            "share": visit.formats.share(count, of: fleet.devices), "path": "/devices?status=\(state.rawValue)",
        ]
    }

    private func colour(of state: EscrowStatus.State) -> Chart.Colour {
        switch state {
        case .escrowed: .green
        case .pending: .blue
        case .failed: .red
        case .notAvailable: .grey
        }
    }

    /// The days up to today, from the first that is known. A day on which nothing was put down was as the one before.
    private func chart(_ fleet: FleetStanding, _ visit: Visit) -> Chart {
        let today = self.portal.clock().dayNumber
        let first = min(fleet.history.keys.min() ?? today, today)
        var known = fleet.statuses
        let days = (first...today).map { day -> (Timestamp, [EscrowStatus.State: Int]) in
            known = day == today ? fleet.statuses : fleet.history[day] ?? known
            return (Timestamp(seconds: day * 86_400), known)
        }
        return Chart(
            id: "escrow",
            title: visit.text("statusOverTime"),
            summary: visit.text("statusOverTimeSummary").filled([
                "escrowed": visit.number(fleet.statuses[.escrowed] ?? 0), "all": visit.number(fleet.devices),
            ]),
            days: days.map(\.0),
            series: EscrowStatus.State.allCases.map { state in
                Chart.Series(
                    name: visit.word("status", state),
                    colour: self.colour(of: state),
                    values: days.map { $0.1[state] ?? 0 }
                )
            }
        )
    }

    /// What wants looking after: how much of it, and where it is.
    private func attention(_ fleet: FleetStanding, _ visit: Visit) -> [[String: Any]] {
        let items: [(key: String, count: Int, path: String)] = [
            ("attentionUnproven", fleet.unproven, "/devices?unproven=yes"),
            ("attentionStale", fleet.stale, "/devices?stale=yes"),
            ("attentionStuck", fleet.rotationsStuck, "/rotations?show=stuck"),
            ("attentionUnderWay", fleet.rotationsUnderWay, "/rotations"),
        ]
        return items.map { key, count, path in
            [
                "text": visit.text(key), "path": path, "isNone": count == 0,
                "number": visit.number(count) + (count >= FleetStanding.countLimit ? "+" : ""),
            ]
        }
    }

    /// Who saw keys in the last seven days, and why: the latest of them, as many as are read.
    private func disclosures(_ visit: Visit) async throws -> [String: Any] {
        let now = self.portal.clock()
        var filter = AuditFilter(scope: visit.caller.scope)
        filter.kind = .keyDisclosed
        filter.since = now - .days(7)
        let page = try await visit.service.audit(filter, PageRequest(limit: Self.disclosures), by: visit.caller)
        let records = page.items.map(LoggedRecord.init)
        var callers: [String: Int] = [:]
        var names: [String: String] = [:]
        var reasons: [String: Int] = [:]
        for record in records {
            let principal = record.principal ?? ""
            callers[principal, default: 0] += 1
            names[principal] = record.name ?? visit.text("erased")
            if let reason = record.reason { reasons[reason, default: 0] += 1 }
        }
        let most = { (counts: [String: Int]) in
            counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(8)
        }
        return [
            "hasDisclosures": !records.isEmpty,
            "disclosuresDay": visit.number(records.count { $0.time > now - .days(1) }),
            "disclosuresWeek": visit.number(records.count) + (page.next == nil ? "" : "+"),
            "byCaller": BarList(
                title: visit.text("disclosuresByCaller"),
                bars: most(callers).map { principal, count in
                    BarList.Bar(
                        name: names[principal] ?? principal,
                        value: count,
                        path: "/audit?kind=key.disclosed&caller=\(PercentEncoding.encoded(principal))"
                    )
                }
            ).table(visit.formats),
            "byReason": BarList(
                title: visit.text("disclosuresByReason"),
                bars: most(reasons).map { BarList.Bar(name: visit.word("reasonCode", $0), value: $1, colour: .violet) }
            ).table(visit.formats),
        ]
    }
}
