import EscrowModel
import EscrowPolicy
import EscrowService
import HTTPTypes
import Hummingbird
import SignIn

/// A request for a page, or of a page's form, by somebody who is signed in.
struct Visit: Sendable {
    let portal: Portal
    let request: Request
    let context: ServerContext
    let person: SignedIn
    let language: Language
    /// What every form on the page must send back as `form`.
    let form: String
    /// How many requests for approval wait for this person's answer, as far as a mark in the navigation counts.
    var waiting = 0

    /// Who asks, for the operations of the service.
    var caller: Caller { self.person.caller }
    /// The operations.
    var service: EscrowService { self.portal.service }

    /// One of the catalogue's texts.
    func text(_ key: String) -> String { self.portal.pages.catalogue.text(key, self.language) }

    /// A page with the navigation around it.
    ///
    /// - Parameters:
    ///   - title: the key of its heading.
    ///   - values: what its template shows beside the texts.
    func page(
        _ name: Pages.Name,
        title: String,
        status: HTTPResponse.Status = .ok,
        _ values: [String: Any] = [:]
    ) -> Response {
        self.portal.pages.response(name, title: title, self.language, status: status, self.framed(values))
    }

    /// A page's head and its HTML, for a page into which something is put that no template may hold.
    func page(_ name: Pages.Name, html title: String, _ values: [String: Any]) -> (head: Response, html: String) {
        let html = self.portal.pages.html(name, title: title, self.language, self.framed(values))
        return (self.portal.pages.response(name, title: title, self.language, self.framed([:])), html)
    }

    /// The values of a page with those of the frame around it.
    private func framed(_ values: [String: Any]) -> [String: Any] {
        var values = values
        values["person"] = self.caller.displayName
        values["role"] = self.text(self.caller.role.message)
        values["form"] = self.form
        values["navigation"] = Navigation.items(for: self.caller, at: self.request.uri.path).map { item in
            [
                "text": self.text(item.title), "path": item.path, "current": item.isCurrent,
                "count": item.path == "/approvals" && self.waiting > 0 ? self.number(self.waiting) : "",
            ] as [String: Any]
        }
        return values
    }

    /// The page that says why something was not done.
    func page(of problem: Problem) -> Response {
        let (title, text) =
            switch problem.status {
            case .notFound: ("notFoundTitle", "notFoundText")
            case .forbidden: ("deniedTitle", "deniedText")
            default: ("errorTitle", "errorText")
            }
        var response = self.page(
            .message,
            title: title,
            status: problem.status,
            [
                "text": self.text(text), "request": self.context.requestID,
                "next": Navigation.home(of: self.caller.role), "nextText": self.text("toStart"),
            ]
        )
        response.headers[.retryAfter] = problem.headers[.retryAfter]
        return response
    }
}

extension Portal {
    /// What answers a request of somebody who is signed in; whoever is not is led to sign in, and back.
    func page(
        _ answer: @escaping @Sendable (Visit) async throws -> Response
    ) -> @Sendable (Request, ServerContext) async throws -> Response {
        { request, context in
            guard let visit = try await self.visit(request, context) else {
                let target = PercentEncoding.encoded(request.uri.string)
                return Self.redirect(to: "/sign-in?return=\(target)")
            }
            do { return try await answer(visit) } catch {
                if Self.isSignInTooOld(error) {
                    return Self.redirect(to: SignInAgainRoutes.path(returningTo: request.uri.string))
                }
                return visit.page(of: Problem(error, logger: context.logger))
            }
        }
    }

    /// What answers a form that somebody who is signed in sends. Refuses one that this session was not given.
    ///
    /// - Parameter secrets: the fields that are kept as secrets, and as nothing else.
    func form(
        secrets: Set<String> = [],
        _ answer: @escaping @Sendable (Visit, FormFields) async throws -> Response
    ) -> @Sendable (Request, ServerContext) async throws -> Response {
        { request, context in
            guard let visit = try await self.visit(request, context) else { throw EscrowError.notAuthenticated }
            do {
                let fields = try FormFields(context.content, of: request.headers, secrets: secrets)
                guard let token = self.session.value(in: request.headers).flatMap({ SignInToken($0) }),
                    token.isFormToken(fields.text("form"))
                else { throw EscrowError.denied }
                return try await answer(visit, fields)
            } catch {
                return visit.page(of: Problem(error, logger: context.logger))
            }
        }
    }

    private static func isSignInTooOld(_ error: any Error) -> Bool { error as? EscrowError == .signInTooOld }

    private func visit(_ request: Request, _ context: ServerContext) async throws -> Visit? {
        guard let text = self.session.value(in: request.headers),
            let person = try await self.service.signedIn(
                by: text,
                source: context.source(of: request),
                // What a page fetches by itself is nothing that somebody does.
                isUse: request.method != .get || request.headers[.ownFetch] == nil
            ),
            let form = SignInToken(text)?.formToken()
        else { return nil }
        var visit = Visit(
            portal: self,
            request: request,
            context: context,
            person: person,
            language: Language(of: request.headers),
            form: form
        )
        if request.method == .get, visit.mayUse(.decideApproval) {
            visit.waiting = try await self.service.approvalsToDecide(PageRequest(limit: 20), by: person.caller).items
                .count
        }
        return visit
    }
}

extension Visit {
    /// Whether this person's role has an action at all: what is shown follows it, what is done does not.
    func mayUse(_ action: Action) -> Bool { Policy.actions(of: self.caller.role).contains(action) }
}
