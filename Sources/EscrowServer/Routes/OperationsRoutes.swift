import EscrowService
import HTTPTypes
import Hummingbird

/// What machines ask about the server itself: open to everybody, and saying nothing that is nobody's business.
struct OperationsRoutes: Sendable {
    let service: EscrowService

    func add(to root: RouterGroup<ServerContext>) {
        root.get("healthz", use: self.health)
        root.get("readyz", use: self.readiness)
        root.get("openapi.yaml", use: self.description)
    }

    /// Answer of `GET /healthz` and, when all is well, of `GET /readyz`.
    private struct State: Encodable {
        let status: String
        var role: String?
        /// What people should know though all is well.
        var notices: [String]?
    }

    @Sendable
    private func health(_ request: Request, context: ServerContext) async throws -> Response {
        try JSONAnswer.response(State(status: "alive"))
    }

    @Sendable
    private func readiness(_ request: Request, context: ServerContext) async throws -> Response {
        let reasons = await self.service.readiness()
        guard reasons.isEmpty else {
            throw Problem.unavailable(detail: reasons.joined(separator: " "), retryAfterSeconds: 10)
        }
        let notices = await self.service.notices()
        return try JSONAnswer.response(
            State(status: "ready", role: self.service.role, notices: notices.isEmpty ? nil : notices)
        )
    }

    @Sendable
    private func description(_ request: Request, context: ServerContext) async throws -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/yaml", .cacheControl: "public, max-age=300"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_yaml))
        )
    }
}
