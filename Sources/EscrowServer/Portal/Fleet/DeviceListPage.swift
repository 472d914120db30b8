import BitLocker
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `/devices`: every device in the caller's scope, found, filtered and paged, and filters kept under names.
struct DeviceListPage: Sendable {
    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("devices", use: self.portal.page { try await self.show($0) })
        pages.post("devices/views", use: self.portal.form(self.save))
        pages.post("devices/views/delete", use: self.portal.form(self.delete))
    }

    private func show(
        _ visit: Visit,
        _ given: String? = nil,
        alert: String? = nil,
        viewName: String = ""
    ) async throws -> Response {
        let text = given ?? visit.request.uri.query ?? ""
        let query = try DeviceQuery(text, at: self.portal.clock(), scope: visit.caller.scope)
        let page = try await visit.service.devices(query.filter, query.page, by: visit.caller)
        let groups = try await visit.service.deviceGroups(by: visit.caller)
        let views = try await visit.service.savedViews(of: visit.caller)
        var values = self.values(of: query, groups, visit)
        values["devices"] = page.items.map { self.values(of: $0, visit) }
        values["hasDevices"] = !page.items.isEmpty
        values["isFleetEmpty"] = page.items.isEmpty && !query.isNarrowed
        values["previous"] = page.previous.map { query.path(.before, $0) }
        values["next"] = page.next.map { query.path(.after, $0) }
        values["first"] = query.page.edge == nil ? nil : "/devices?\(query.text)"
        values["hasPages"] = page.previous != nil || page.next != nil
        values["views"] = views.map { view in
            ["name": view.name, "path": "/devices?\(view.query)", "isCurrent": view.query == query.text]
                as [String: Any]
        }
        values["hasViews"] = !views.isEmpty
        values["maySave"] = !query.text.isEmpty
        values["viewName"] = viewName
        values["viewAlert"] = alert
        if query.done == "viewSaved" || query.done == "viewDeleted" { values["done"] = visit.word("done", query.done) }
        return visit.page(
            .devices,
            title: "devices",
            status: alert == nil ? .ok : .unprocessableContent,
            values
        )
    }

    private func values(of query: DeviceQuery, _ groups: [String], _ visit: Visit) -> [String: Any] {
        let option = { (value: String, text: String, chosen: String) in
            ["value": value, "text": text, "isChosen": value == chosen] as [String: Any]
        }
        let chips: [(DeviceQuery.Parameter, String)] = [
            (.text, "“\(query.value(.text))”"), (.status, visit.word("status", query.value(.status))),
            (.reason, visit.word("why", query.value(.reason))), (.group, query.value(.group)),
            (.unproven, visit.text("onlyUnproven")), (.stale, visit.text("onlyStale")),
            (.hold, visit.text("onlyHold")), (.retired, visit.text("onlyRetired")),
        ]
        var values: [String: Any] = [
            "q": query.value(.text), "query": query.text, "isNarrowed": query.isNarrowed,
            "statuses": EscrowStatus.State.allCases.map {
                option($0.rawValue, visit.word("status", $0), query.value(.status))
            },
            "reasons": EscrowStatus.Reason.allCases.filter { $0 != .none }.map {
                option($0.rawValue, visit.word("why", $0), query.value(.reason))
            },
            "orders": DeviceFilter.Order.allCases.map {
                option($0.rawValue, visit.word("order", $0), query.filter.orderInForce.rawValue)
            },
            "isMoreOpen": query.moreConditions > 0,
            "csv": "/devices.csv" + (query.text.isEmpty ? "" : "?" + query.text),
            "mayRotate": visit.mayUse(.requestRotation), "mayEnrol": visit.mayUse(.readPolicy),
            "chips": chips.filter { !query.value($0.0).isEmpty }.map { name, text in
                ["text": text, "path": "/devices?" + query.without(name)]
            },
        ]
        // A group that is chosen can be chosen again, though nothing is in it.
        let all =
            groups.contains(query.value(.group)) || query.value(.group).isEmpty
            ? groups : groups + [query.value(.group)]
        values["groups"] = all.map { option($0, $0, query.value(.group)) }
        for name in [DeviceQuery.Parameter.unproven, .stale, .hold, .retired] {
            values[name.rawValue] = !query.value(name).isEmpty
        }
        return values
    }

    private func values(of device: Device, _ visit: Visit) -> [String: Any] {
        [
            "id": device.id.description, "name": device.facts.name, "owner": device.facts.owner ?? "",
            "serial": device.facts.serial ?? "", "group": device.group, "status": visit.values(of: device.status),
            "seen": visit.time(device.lastSeenAt), "isHeld": device.isOnLegalHold,
            "isRetired": device.state == .retired,
        ]
    }

    @Sendable
    private func save(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        let query = try DeviceQuery(fields.text("query"), at: self.portal.clock(), scope: visit.caller.scope)
        let view = SavedView(name: fields.text("name"), query: query.text)
        do throws(EscrowError) { try await visit.service.saveView(view, of: visit.caller) } catch {
            let alert: String
            switch error {
            case .invalid(field: "name", _): alert = visit.text("viewNameWrong")
            case .invalid: alert = visit.text("viewTooLong")
            case .conflict: alert = visit.text("viewsTooMany").filled(["n": "\(SavedView.limit)"])
            default: throw error
            }
            return try await self.show(visit, query.text, alert: alert, viewName: view.name)
        }
        return Portal.redirect(to: "/devices?\(query.text)&done=viewSaved")
    }

    @Sendable
    private func delete(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        let query = try DeviceQuery(fields.text("query"), at: self.portal.clock(), scope: visit.caller.scope)
        try await visit.service.deleteView(fields.text("name"), of: visit.caller)
        return Portal.redirect(to: "/devices?\(query.text)\(query.text.isEmpty ? "" : "&")done=viewDeleted")
    }
}
