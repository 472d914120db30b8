import AuditFormats
import EscrowAPI
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `GET …/keys/audit`, `…/audit/export` and `…/audit/sinks`: what was done, by whom, and who else gets to know.
struct AuditRoutes: Sendable {
    let service: EscrowService

    func add(to keys: RouterGroup<AuthenticatedContext>) {
        keys.get("audit", use: self.list)
        keys.get("audit/export", use: self.export)
        keys.get("audit/sinks", use: self.sinks)
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
        let query = try QueryParameters<AuditExportParameter>(of: request)
        let filter = try AuditFilter(query)
        let format = try query.word(.format, AuditExportFormat.self) ?? .log
        // A part of the log could not be verified, so the log itself is exported whole or not at all.
        if format == .log, let given = AuditExportParameter.filters.first(where: { query.has($0) }) {
            throw Problem.invalid(field: given.rawValue, "needs a format, one of jsonl, csv, cef, ocsf")
        }
        return try await self.response(format, filter, by: context.caller)
    }

    /// The log, or those of its entries that a filter shows, written as it is read.
    func response(_ format: AuditExportFormat, _ filter: AuditFilter, by caller: Caller) async throws -> Response {
        guard let format = format.entries else {
            let export = try await self.service.auditExport(by: caller)
            return Self.response("application/x-ndjson") { writer in
                for try await lines in export { try await writer.write(ByteBuffer(bytes: lines)) }
            }
        }
        let export = try await self.service.auditEntriesExport(filter, as: format, by: caller)
        let formatter = EntryFormatter(format, origin: export.origin)
        return Self.response(format.mediaType) { writer in
            var bytes: [UInt8] = []
            formatter.appendHeader(to: &bytes)
            for try await entries in export {
                for entry in entries { formatter.appendLine(entry, to: &bytes) }
                try await writer.write(ByteBuffer(bytes: bytes))
                bytes.removeAll(keepingCapacity: true)
            }
            if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
        }
    }

    @Sendable
    private func sinks(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let sinks = try await self.service.auditSinks(by: context.caller)
        return try JSONAnswer.response(PageDocument(items: sinks.map(AuditSinkDocument.init), next: nil))
    }

    /// An answer that is written as it is made. Writing waits for the reader, and fails when that hangs up: then it ends.
    private static func response(
        _ mediaType: String,
        _ write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: mediaType],
            body: ResponseBody { writer in
                try await write(&writer)
                try await writer.finish(nil)
            }
        )
    }
}

/// The query parameters of `GET …/keys/audit/export`.
enum AuditExportParameter: String, CaseIterable, Hashable, Sendable {
    case format
    case caller
    case device
    case kind
    case source
    case outcome
    case since
    case before

    /// Those that choose entries.
    static let filters = Self.allCases.filter { $0 != .format }
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
    /// Reads the filter that a list's query describes.
    init(_ query: QueryParameters<AuditParameter>, scope: Scope) throws {
        self.init(scope: scope)
        self.setCaller(try query.text(.caller))
        self.device = try query.guid(.device)
        self.kind = try query.word(.kind)
        self.source = try query.text(.source)
        self.outcome = try query.word(.outcome)
        self.since = try query.timestamp(.since)
        self.before = try query.timestamp(.before)
    }

    /// Reads the filter that an export's query describes.
    init(_ query: QueryParameters<AuditExportParameter>) throws {
        self.init()
        self.setCaller(try query.text(.caller))
        self.device = try query.guid(.device)
        self.kind = try query.word(.kind)
        self.source = try query.text(.source)
        self.outcome = try query.word(.outcome)
        self.since = try query.timestamp(.since)
        self.before = try query.timestamp(.before)
    }
}
