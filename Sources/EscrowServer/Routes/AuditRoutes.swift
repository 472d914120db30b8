import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `GET …/keys/audit` and `…/keys/audit/export`: what was done, by whom.
struct AuditRoutes: Sendable {
    let service: EscrowService

    func add(to keys: RouterGroup<AuthenticatedContext>) {
        keys.get("audit", use: self.list)
        keys.get("audit/export", use: self.export)
    }

    @Sendable
    private func list(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let query = try QueryParameters<AuditParameter>(of: request)
        let page = try await self.service.audit(
            try AuditFilter(query, scope: context.caller.scope),
            try query.page(of: .audit, cursor: .cursor, limit: .limit),
            by: context.caller
        )
        return AuditPageWriter.response(page)
    }

    @Sendable
    private func export(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let export = try await self.service.auditExport(by: context.caller)
        return Response(
            status: .ok,
            headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody { writer in
                for try await lines in export { try await writer.write(ByteBuffer(bytes: lines)) }
                try await writer.finish(nil)
            }
        )
    }
}

/// The query parameters of `GET …/keys/audit`.
enum AuditParameter: String, CaseIterable, Hashable, Sendable {
    case caller
    case device
    case kind
    case source
    case outcome
    case since
    case before
    case cursor
    case limit
}

extension AuditFilter {
    /// Reads the filter that a query describes.
    init(_ query: QueryParameters<AuditParameter>, scope: Scope) throws {
        self.init(scope: scope)
        if let caller = try query.text(.caller) {
            if Self.isPrincipal(caller) { self.principal = caller } else { self.name = caller }
        }
        self.device = try query.guid(.device)
        self.kind = try query.word(.kind)
        self.source = try query.text(.source)
        self.outcome = try query.word(.outcome)
        self.since = try query.timestamp(.since)
        self.before = try query.timestamp(.before)
    }

    /// Whether a text is a principal, as `Caller.principal` writes them, rather than a name.
    private static func isPrincipal(_ text: String) -> Bool {
        ["client:", "device:", "operator:", "system:"].contains { text.hasPrefix($0) }
    }
}
