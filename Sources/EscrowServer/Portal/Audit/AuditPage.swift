import AuditFormats
import BitLocker
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `/audit`: what was done, the latest first, with filters in the address.
struct AuditPage: Sendable {
    private static let limit = 50

    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("audit", use: self.portal.page(self.show))
    }

    private enum Parameter: String, CaseIterable, Hashable, Sendable {
        case caller, device, kind, outcome, since, before, after
    }

    @Sendable
    private func show(_ visit: Visit) async throws -> Response {
        let query = try QueryParameters<Parameter>(of: visit.request)
        // A form sends its empty fields too: they ask for nothing.
        func given(_ name: Parameter) -> String? { query.raw(name).flatMap { $0.isEmpty ? nil : $0 } }
        var filter = AuditFilter(scope: visit.caller.scope)
        filter.setCaller(given(.caller))
        var errors: [String: Any] = [:]
        if let text = given(.device) {
            filter.device = GUID(text)
            if filter.device == nil { errors["deviceError"] = visit.text("auditDeviceError") }
        }
        if given(.kind) != nil { filter.kind = try query.word(.kind) }
        if given(.outcome) != nil { filter.outcome = try query.word(.outcome) }
        for (name, path) in [(Parameter.since, \AuditFilter.since), (.before, \AuditFilter.before)] {
            guard let text = given(name) else { continue }
            filter[keyPath: path] = Timestamp(text) ?? Timestamp("\(text)T00:00:00Z")
            if filter[keyPath: path] == nil { errors[name.rawValue + "Error"] = visit.text("auditDateError") }
        }
        var after: Int64?
        if let text = given(.after) {
            guard let cursor = Cursor(text, of: .audit) else {
                throw Problem.invalid(field: "after", "must be the end of an earlier page of this list")
            }
            after = cursor.position
        }
        // Wrong input shows nothing rather than something else.
        let page =
            errors.isEmpty
            ? try await visit.service.audit(filter, PageRequest(after: after, limit: Self.limit), by: visit.caller)
            : Page(items: [], next: nil)
        var values: [String: Any] = [
            "caller": given(.caller) ?? "", "device": given(.device) ?? "", "since": given(.since) ?? "",
            "before": given(.before) ?? "",
            "kinds": AuditEvent.Kind.allCases.map { kind in
                [
                    "value": kind.rawValue, "text": visit.word("kind", kind), "chosen": filter.kind == kind,
                ] as [String: Any]
            },
            "outcomes": AuditEvent.Outcome.allCases.map { outcome in
                [
                    "value": outcome.rawValue, "text": visit.word("outcome", outcome),
                    "chosen": filter.outcome == outcome,
                ] as [String: Any]
            },
            "rows": page.items.map { Self.values(of: $0, visit) }, "hasRows": !page.items.isEmpty,
            "isFiltered": Parameter.allCases.contains { $0 != .after && given($0) != nil },
            "isWhole": visit.caller.scope == .everything,
        ]
        values.merge(errors) { $1 }
        if let next = page.next {
            values["next"] = self.address(visit, after: Cursor(position: next, of: .audit).text)
        }
        if after != nil { values["first"] = self.address(visit, after: nil) }
        return visit.page(.audit, title: "audit", status: errors.isEmpty ? .ok : .unprocessableContent, values)
    }

    /// The address of another page of the same list.
    private func address(_ visit: Visit, after: String?) -> String {
        var parts = (visit.request.uri.query ?? "").split(separator: "&").map(String.init)
        parts.removeAll { $0.hasPrefix("after=") || $0.hasSuffix("=") }
        if let after { parts.append("after=\(after)") }
        return "/audit" + (parts.isEmpty ? "" : "?" + parts.joined(separator: "&"))
    }

    /// An entry as a line says it.
    static func values(of entry: AuditListing, _ visit: Visit) -> [String: Any] {
        let record = LoggedRecord(entry)
        var values: [String: Any] = [
            "index": "\(entry.index)", "at": visit.exactTime(entry.time), "what": visit.word("kind", entry.kind),
            "who": record.name ?? (record.isErased ? visit.text("erased") : "–"),
            "tone": Self.tone(of: record),
        ]
        values["from"] = record.address
        values["role"] = record.role.map { visit.word("role", $0) }
        values["deviceName"] = record.deviceName ?? record.device
        values["device"] = record.device
        values["reason"] = record.reason.map { visit.word("reasonCode", $0) }
        values["ticket"] = record.ticket
        values["detail"] = record.detail
        if let outcome = record.outcome, outcome != .success { values["outcome"] = visit.word("outcome", outcome) }
        return values
    }

    /// How much a line stands out.
    private static func tone(of record: LoggedRecord) -> String {
        switch EventMeaning(kind: record.kind, outcome: record.outcome).severity {
        case .critical, .high: "bad"
        case .medium: record.outcome == .success ? "" : "bad"
        default: ""
        }
    }
}
