import EscrowModel
import EscrowService
import Hummingbird

/// Establishes which person or client makes a request: by API token over the network, by the operating system's word on
/// the console.
///
/// People who sign in, and identity providers' tokens, join here: whatever the credential, a `Caller` comes of it.
struct CallerAuthentication: RouterMiddleware {
    typealias Context = ServerContext

    let service: EscrowService

    func handle(
        _ request: Request,
        context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.caller = try await self.caller(of: request, context)
        return try await next(request, context)
    }

    private func caller(of request: Request, _ context: ServerContext) async throws -> Caller {
        let source = context.source(of: request)
        switch context.peer {
        case .console(let name):
            return Caller(
                identity: .localOperator(name: name),
                role: .administrator,
                scope: .everything,
                source: source
            )
        case .network:
            guard let token = BearerToken.sent(in: request.headers) else { throw EscrowError.notAuthenticated }
            return try await self.service.authenticate(bearer: token, source: source)
        }
    }
}
