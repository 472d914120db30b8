import EscrowModel
import HTTPTypes
import Hummingbird
import Logging

/// Around every page: refuses what another site has a browser send, and tells problems on pages.
struct PortalGuard: RouterMiddleware {
    typealias Context = ServerContext

    let pages: Pages

    func handle(
        _ request: Request,
        context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        do {
            guard request.method == .get || request.method == .head || Self.isSameOrigin(request) else {
                return self.message(.forbidden, "errorTitle", "expired", request, context)
            }
            return try await next(request, context)
        } catch {
            let problem = Problem(error, logger: context.logger)
            if problem.status == .notFound {
                return self.message(.notFound, "notFoundTitle", "notFoundText", request, context)
            }
            var response = self.message(problem.status, "errorTitle", "errorText", request, context)
            response.headers[.retryAfter] = problem.headers[.retryAfter]
            return response
        }
    }

    /// Whether a browser says that its own page sends this. One that says nothing of it is refused.
    static func isSameOrigin(_ request: Request) -> Bool {
        if let site = request.headers[.secFetchSite] { return site == "same-origin" }
        guard let origin = request.headers[.origin]?.lowercased(), let host = request.head.authority?.lowercased()
        else { return false }
        return origin == "https://\(host)" || origin == "http://\(host)"
    }

    private func message(
        _ status: HTTPResponse.Status,
        _ title: String,
        _ text: String,
        _ request: Request,
        _ context: ServerContext
    ) -> Response {
        let language = Language(of: request.headers)
        return self.pages.response(
            .message,
            title: title,
            language,
            status: status,
            [
                "text": self.pages.catalogue.text(text, language),
                "request": context.requestID,
                "next": "/sign-in",
                "nextText": self.pages.catalogue.text("startAgain", language),
            ]
        )
    }
}
