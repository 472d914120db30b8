import AuditLog
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `GET /log/…`: the audit log as C2SP tlog-tiles. Checkpoint, hashes and receipts are for everybody; entries for auditors.
struct LogRoutes: Sendable {
    let service: EscrowService

    func add(to open: RouterGroup<ServerContext>, and people: RouterGroup<AuthenticatedContext>) {
        open.get("checkpoint", use: self.checkpoint)
        open.get("vkey", use: self.verifierKey)
        open.get("proof/{index}", use: self.proof)
        people.get("records", use: self.records)
        people.get("tile/entries/**", use: self.entries)
        open.get("tile/{level}/**", use: self.tile)
    }

    @Sendable
    private func checkpoint(_ request: Request, context: ServerContext) async throws -> Response {
        Self.text(try await self.service.logCheckpoint())
    }

    @Sendable
    private func verifierKey(_ request: Request, context: ServerContext) async throws -> Response {
        Self.text(Array("\(self.service.logKey)\n".utf8))
    }

    @Sendable
    private func proof(_ request: Request, context: ServerContext) async throws -> Response {
        guard let text = context.parameters.get("index"), let index = UInt64(text), String(index) == text else {
            throw Problem.invalid(field: "index", "must be a whole number, the index of an entry")
        }
        return Self.text(Array(try await self.service.logReceipt(of: index).text.utf8))
    }

    @Sendable
    private func tile(_ request: Request, context: ServerContext) async throws -> Response {
        guard let level = context.parameters.get("level"),
            let coordinate = Self.coordinate(of: level, context), case .hashes = coordinate.content
        else { throw Problem.notFound }
        return Self.immutable(try await self.service.logTile(coordinate), sharing: "public")
    }

    @Sendable
    private func entries(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        guard let coordinate = Self.coordinate(of: "entries", context) else { throw Problem.notFound }
        return Self.immutable(try await self.service.logLeaves(coordinate, by: context.caller), sharing: "private")
    }

    @Sendable
    private func records(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let query = try QueryParameters<RecordsParameter>(of: request)
        let first = try query.integer(.from, in: 0...Int(Int32.max) * 1024) ?? 0
        let records = try await self.service.auditExport(from: Int64(first), by: context.caller)
        return Response(
            status: .ok,
            headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody { writer in
                for try await lines in records { try await writer.write(ByteBuffer(bytes: lines)) }
                try await writer.finish(nil)
            }
        )
    }

    private static func coordinate(of level: some StringProtocol, _ context: some RequestContext) -> TileCoordinate? {
        TileCoordinate(path: "tile/\(level)/\(context.parameters.getCatchAll().joined(separator: "/"))")
    }

    private static func text(_ bytes: [UInt8]) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }

    /// A tile of so many hashes or entries never changes.
    private static func immutable(_ bytes: [UInt8], sharing: String) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "application/octet-stream",
                .cacheControl: "\(sharing), max-age=31536000, immutable",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}

/// The query parameters of `GET /log/records`.
private enum RecordsParameter: String, CaseIterable, Hashable, Sendable {
    case from
}
