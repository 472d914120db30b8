import BitLocker
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `/approvals`: what waits for an answer, what somebody asked for, and each request with what is needed to decide.
struct ApprovalsPage: Sendable {
    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("approvals", use: self.portal.page(self.list))
        pages.get("approvals/{approvalId}", use: self.portal.page { try await self.show($0) })
        pages.post(
            "approvals/{approvalId}/approve",
            use: self.portal.form { visit, _ in try await self.decide(visit, true) }
        )
        pages.post(
            "approvals/{approvalId}/deny",
            use: self.portal.form { visit, _ in try await self.decide(visit, false) }
        )
        pages.post(
            "approvals/{approvalId}/cancel",
            use: self.portal.form { visit, _ in try await self.takeBack(visit) }
        )
    }

    private enum Parameter: String, CaseIterable, Hashable, Sendable {
        case show
        case state
        case after
    }

    private enum View: String, CaseIterable, Sendable {
        case waiting
        case mine
        case all

        var title: String { "approvals" + self.rawValue.prefix(1).uppercased() + self.rawValue.dropFirst() }
    }

    // MARK: - The lists

    /// Whoever only ever asks has a list of their own requests; the rest is decided by the service.
    private func views(_ visit: Visit) -> [View] {
        visit.mayUse(.listApprovals) ? View.allCases : [.mine]
    }

    @Sendable
    private func list(_ visit: Visit) async throws -> Response {
        let query = try QueryParameters<Parameter>(of: visit.request)
        let views = self.views(visit)
        let view = try query.word(.show, View.self) ?? views.first ?? .mine
        let state = query.raw(.state).flatMap { Approval.State(rawValue: $0) }
        let after = query.raw(.after).flatMap { Cursor($0, of: .approvals) }?.position
        let page = PageRequest(after: after, limit: 50)
        let found: Page<ApprovalInView> =
            switch view {
            case .waiting: try await visit.service.approvalsToDecide(page, by: visit.caller)
            case .mine: try await visit.service.ownApprovals(page, by: try visit.owner)
            case .all: try await visit.service.approvalsInView(in: state, page, by: visit.caller)
            }
        var values: [String: Any] = [
            "views": views.map { each in
                [
                    "path": "/approvals?show=\(each.rawValue)", "text": visit.text(each.title), "current": each == view,
                ] as [String: Any]
            },
            "hasViews": views.count > 1, "isAll": view == .all, "isWaiting": view == .waiting, "isMine": view == .mine,
            "states": Approval.State.allCases.map { each in
                [
                    "word": each.rawValue, "text": visit.word("approval", each), "chosen": each == state,
                ] as [String: Any]
            },
            "items": found.items.map { self.values($0, visit) }, "hasAny": !found.items.isEmpty,
            "isFiltered": state != nil, "listTitle": visit.text(view.title),
        ]
        if let next = found.next {
            let state = state.map { "&state=\($0.rawValue)" } ?? ""
            values["next"] =
                "/approvals?show=\(view.rawValue)\(state)&after=\(Cursor(position: next, of: .approvals).text)"
        }
        return visit.page(.approvals, title: "approvals", values)
    }

    private func values(_ item: ApprovalInView, _ visit: Visit) -> [String: Any] {
        let approval = item.approval
        return [
            "path": "/approvals/\(approval.id)", "device": approval.deviceName, "deviceID": approval.device.description,
            "owner": item.owner ?? visit.text("ownerUnknown"), "group": item.group,
            "devicePath": visit.mayUse(.listKeys) ? "/devices/\(approval.device)" : "",
            "key": visit.values(of: approval.protector),
            "who": approval.requester.name, "whoRole": visit.text(approval.requester.role.message),
            "reason": visit.word("reasonCode", approval.reason.code), "ticket": approval.reason.ticket ?? "",
            "comment": approval.reason.comment ?? "",
            "asked": visit.time(approval.requestedAt), "askedAt": visit.exactTime(approval.requestedAt),
            "untilAge": visit.time(approval.expiresAt), "until": visit.exactTime(approval.expiresAt),
            "state": visit.word("approval", approval.state), "badge": Self.badge(approval.state),
            "stateWord": approval.state.rawValue,
            "isOpen": approval.state.isOpen, "isRequested": approval.state == .requested,
            "isApproved": approval.state == .approved, "isOwn": item.isOwn, "mayDecide": item.mayDecide,
            "decider": approval.decider?.name ?? "",
            "deciderRole": approval.decider.map { visit.text($0.role.message) } ?? "",
            "decided": approval.decidedAt.map { visit.exactTime($0) } ?? "",
            "ended": approval.endedAt.map { visit.exactTime($0) } ?? "",
            "deciders": item.deciders.map { visit.text($0.message) }.joined(separator: ", "),
            "reveal": item.isOwn && approval.state == .approved ? Self.revealPath(approval) : "",
        ]
    }

    private static func badge(_ state: Approval.State) -> String {
        switch state {
        case .requested: "info"
        case .approved: "ok"
        case .denied: "bad"
        case .expired, .cancelled, .used: ""
        }
    }

    /// Where the requester gets what was approved: in the role in which they asked.
    private static func revealPath(_ approval: Approval) -> String {
        let own = approval.requester.role == .owner ? "/my" : ""
        return "\(own)/devices/\(approval.device)/keys/\(approval.protector)/reveal"
    }

    // MARK: - One request

    private func show(
        _ visit: Visit,
        alert: String? = nil,
        status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let id = try PathParameters.guid("approvalId", in: visit.context)
        let item = try await visit.service.approval(id, by: visit.caller)
        var values = self.values(item, visit)
        values["alert"] = alert
        if alert == nil, item.approval.decider?.principal == visit.caller.principal, item.approval.state == .approved {
            values["done"] = visit.text("approvalDoneApproved").filled(["name": item.approval.requester.name])
        }
        values["backPath"] = item.isOwn ? "/approvals?show=mine" : "/approvals"
        return visit.page(.approval, title: "approvalTitle", status: status, values)
    }

    @Sendable
    private func decide(_ visit: Visit, _ approve: Bool) async throws -> Response {
        let id = try PathParameters.guid("approvalId", in: visit.context)
        do {
            _ = try await visit.service.decide(id, approve: approve, by: visit.caller)
        } catch {
            return try await self.refused(error, id, visit)
        }
        return Portal.redirect(to: "/approvals/\(id)")
    }

    @Sendable
    private func takeBack(_ visit: Visit) async throws -> Response {
        let id = try PathParameters.guid("approvalId", in: visit.context)
        let item = try await visit.service.approval(id, by: visit.caller)
        do {
            let caller = item.isOwn && item.approval.requester.role == .owner ? try visit.owner : visit.caller
            _ = try await visit.service.cancelApproval(id, by: caller)
        } catch {
            return try await self.refused(error, id, visit)
        }
        return Portal.redirect(to: "/approvals/\(id)")
    }

    /// That somebody else was faster, or its time is over, is said on the request's own page.
    private func refused(_ error: EscrowError, _ id: GUID, _ visit: Visit) async throws -> Response {
        guard case .conflict(let code, _) = error else { throw error }
        guard code != "ownApproval" else {
            return try await self.show(visit, alert: visit.text("approvalOwn"), status: .conflict)
        }
        let approval = try await visit.service.approval(id, by: visit.caller).approval
        let state = visit.word("approval", approval.state)
        let by = approval.decider.map { " (\($0.name))" } ?? ""
        let text = visit.text("approvalMeanwhile").filled(["state": state + by])
        return try await self.show(visit, alert: text, status: .conflict)
    }
}
