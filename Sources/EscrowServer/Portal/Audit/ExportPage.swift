import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `/audit/export`: the log, or its entries in a form for other tools, as a file. It is written as it is read.
struct ExportPage: Sendable {
    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("audit/export", use: self.portal.page(self.show))
        pages.post("audit/export", use: self.portal.form(self.export))
    }

    @Sendable
    private func show(_ visit: Visit) async throws -> Response {
        _ = try await visit.service.audit(
            AuditFilter(scope: visit.caller.scope),
            PageRequest(limit: 1),
            by: visit.caller
        )
        return visit.page(.export, title: "export", ["since": "", "before": ""])
    }

    @Sendable
    private func export(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        guard let format = AuditExportFormat(rawValue: fields.text("format")) else {
            throw Problem.invalid(field: "format", "must be one of the forms that the page offers")
        }
        var filter = AuditFilter()
        var errors: [String: Any] = [:]
        for (name, path) in [("since", \AuditFilter.since), ("before", \AuditFilter.before)] {
            let text = fields.text(name)
            guard !text.isEmpty else { continue }
            filter[keyPath: path] = Timestamp("\(text)T00:00:00Z")
            if filter[keyPath: path] == nil { errors[name + "Error"] = visit.text("auditDateError") }
        }
        guard errors.isEmpty else {
            errors["since"] = fields.text("since")
            errors["before"] = fields.text("before")
            return visit.page(.export, title: "export", status: .unprocessableContent, errors)
        }
        var response = try await AuditRoutes(service: visit.service).response(format, filter, by: visit.caller)
        let ending = format == .log ? "jsonl" : format.rawValue
        response.headers[.contentDisposition] = "attachment; filename=\"audit-log.\(ending)\""
        return response
    }
}
