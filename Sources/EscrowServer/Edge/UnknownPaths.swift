import HTTPTypes
import Hummingbird

/// Tells a path that does not exist from one that lacks the method: the router says the same of both.
struct UnknownPaths: RouterMiddleware {
    typealias Context = ServerContext

    /// The routes that there are.
    let routes: RouteTable

    func handle(
        _ request: Request,
        context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            let methods = self.routes.methods(at: request.uri.path)
            throw methods.isEmpty ? Problem.notFound : Problem.methodNotAllowed(allowed: methods)
        }
    }
}
