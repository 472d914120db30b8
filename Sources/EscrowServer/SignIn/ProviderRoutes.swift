import BitLocker
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird
import IdentityProvider
import Logging
import SignIn

/// `/sign-in/provider` and what belongs to it: signing in with an identity provider (OpenID Connect).
struct ProviderRoutes: Sendable {
    let portal: Portal
    let provider: IdentityProvider

    /// - Parameters:
    ///   - pages: what browsers ask for.
    ///   - others: what the provider itself asks for, with no browser that could say which site it is on.
    func add(to pages: RouterGroup<ServerContext>, and others: RouterGroup<ServerContext>) {
        pages.get("sign-in/provider", use: self.begin)
        pages.get("sign-in/callback", use: self.finish)
        others.post("sign-in/back-channel-logout", use: self.logOut)
    }

    private enum Parameter: String, CaseIterable, Hashable, Sendable {
        case target = "return"
        /// Whether who is signed in is to sign in anew, for an operation that wants it.
        case again
    }

    /// Leads to the provider.
    ///
    /// A link and not a form: the pages' policy lets forms go nowhere but here, wherever they are led on to.
    @Sendable
    private func begin(_ request: Request, context: ServerContext) async throws -> Response {
        let parameters = try QueryParameters<Parameter>(of: request)
        let target = Portal.returnPath(parameters.raw(.target) ?? "")
        let person = try await self.portal.person(request, context)
        let again = parameters.has(.again) ? person?.session.id : nil
        guard person == nil || again != nil else { return Portal.redirect(to: target) }
        let metadata: ProviderMetadata
        do { metadata = try await self.provider.metadata() } catch {
            return self.problem(error, target, request, context)
        }
        var generator = SystemRandomNumberGenerator()
        let held = self.portal.step.value(in: request.headers).flatMap { SignInToken($0) }
        let isNew = held == nil
        let token = held ?? SignInToken.generate(using: &generator)
        let now = self.portal.clock()
        guard
            let attempt = self.provider.attempts.begin(to: target, again: again, step: token.hash(for: .step), at: now)
        else { throw Problem.internalError }
        let language = Language(of: request.headers).rawValue
        var response = Portal.redirect(
            to: AuthorizationRequest.address(of: attempt, metadata, self.provider.settings, language: language)
        )
        if isNew { response.headers.append(cookie: self.portal.step.setting(token.reveal())) }
        return response
    }

    /// Where the provider leads the browser back to.
    @Sendable
    private func finish(_ request: Request, context: ServerContext) async throws -> Response {
        guard let answer = AuthorizationAnswer(query: request.uri.query ?? "") else {
            return try await self.refuse("provider answer", "providerRefused", request, context)
        }
        guard let step = self.portal.step.value(in: request.headers).flatMap({ SignInToken($0)?.hash(for: .step) })
        else {
            return try await self.refuse("provider state unknown", "expired", request, context)
        }
        let attempt: SignInAttempt
        do {
            attempt = try self.provider.attempts.finish(answer.state, step: step, at: self.portal.clock())
        } catch {
            return try await self.refuse("provider state \(error.rawValue)", "expired", request, context)
        }
        guard let code = answer.code else {
            // Who is the issuer of a refusal does not matter: nobody is let in.
            return try await self.refuse("provider denied", "providerDenied", request, context, attempt.target)
        }
        do {
            let arrival = try await self.provider.arrive(code: code, issuer: answer.issuer, attempt)
            return try await self.letIn(arrival, attempt, request, context)
        } catch let error as ProviderError {
            if !error.isPassing {
                var person: ProviderPerson?
                if case .person(let refused, _) = error { person = refused }
                let source = context.source(of: request)
                try await self.portal.service.recordRefusal(of: person, error.detail, source: source)
            }
            return self.problem(error, attempt.target, request, context)
        }
    }

    private func letIn(
        _ arrival: IdentityProvider.Arrival,
        _ attempt: SignInAttempt,
        _ request: Request,
        _ context: ServerContext
    ) async throws -> Response {
        if let again = attempt.again {
            // Only who is signed in can sign in again: else the window would go on as somebody else.
            let session = try await self.portal.person(request, context)?.session
            guard let session, session.id == again, session.issuer == arrival.person.issuer,
                session.subject == arrival.person.subject
            else {
                return try await self.refuse(
                    "provider otherPerson",
                    "providerOther",
                    request,
                    context,
                    attempt.target,
                    person: arrival.person
                )
            }
        }
        let session = try await self.portal.service.signIn(
            arrival.person,
            arrival.grant,
            replacing: self.portal.session.value(in: request.headers),
            source: context.source(of: request)
        )
        self.provider.heldTokens.keep(arrival.idToken, of: session.session.id)
        return self.portal.begin(session, Portal.redirect(to: attempt.target))
    }

    /// Ends the sessions that the provider says are over. Whoever else asks learns nothing.
    @Sendable
    private func logOut(_ request: Request, context: ServerContext) async throws -> Response {
        let headers: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store"]
        do {
            let fields = try FormFields(context.content, of: request.headers)
            let logout = try await self.provider.logout(fields.text("logout_token"))
            try await self.portal.service.endSessions(
                logout,
                issuer: self.provider.settings.issuer,
                source: context.source(of: request)
            )
            return Response(status: .ok, headers: headers)
        } catch let error as ProviderError where error.isPassing {
            context.logger.warning("a logout token cannot be verified: \(error.explanation)")
            return Response(status: .serviceUnavailable, headers: headers)
        } catch let error as ProviderError {
            context.logger.notice("a logout token was refused: \(error.explanation)")
        } catch let error as EscrowError {
            throw Problem(error)
        } catch {
            // No form: no better than a token that is none.
        }
        let body = ResponseBody(byteBuffer: ByteBuffer(string: #"{"error":"invalid_request"}"#))
        return Response(status: .badRequest, headers: headers, body: body)
    }
}

extension ProviderRoutes {
    /// The page that says that nobody was let in, with a record of it.
    private func refuse(
        _ detail: String,
        _ text: String,
        _ request: Request,
        _ context: ServerContext,
        _ target: String = "/",
        person: ProviderPerson? = nil
    ) async throws -> Response {
        let source = context.source(of: request)
        try await self.portal.service.recordRefusal(of: person, detail, source: source)
        return self.page("providerRefusedTitle", text, status: .forbidden, target, request, context)
    }

    /// The page of what went wrong, and a line in the log for whoever runs the server.
    private func problem(
        _ error: ProviderError,
        _ target: String,
        _ request: Request,
        _ context: ServerContext
    ) -> Response {
        context.logger.warning("\(error.explanation)", metadata: ["request": .string(context.requestID)])
        switch error {
        case .unreachable, .metadata, .unreadable, .secret:
            return self.page("providerDownTitle", "providerDown", status: .serviceUnavailable, target, request, context)
        case .person(let person, .nobody):
            return self.page(
                "providerNobodyTitle",
                "providerNobody",
                status: .forbidden,
                target,
                request,
                context,
                [
                    "who": person.userName ?? person.subject,
                    "claims": self.provider.settings.roles.claims.joined(separator: ", "),
                ]
            )
        case .person(let person, .overage(let claim)):
            return self.page(
                "providerNobodyTitle",
                "providerOverage",
                status: .forbidden,
                target,
                request,
                context,
                ["who": person.userName ?? person.subject, "claims": claim]
            )
        case .token(.authenticationTime), .token(.authenticationContext):
            return self.page("providerRefusedTitle", "providerNotFresh", status: .forbidden, target, request, context)
        case .refused, .token:
            return self.page("providerRefusedTitle", "providerRefused", status: .forbidden, target, request, context)
        }
    }

    private func page(
        _ title: String,
        _ text: String,
        status: HTTPResponse.Status,
        _ target: String,
        _ request: Request,
        _ context: ServerContext,
        _ values: [String: Any] = [:]
    ) -> Response {
        let language = Language(of: request.headers)
        var values = values
        values["text"] = self.portal.pages.catalogue.text(text, language)
        values["request"] = context.requestID
        values["provider"] = self.provider.settings.name
        values["target"] = PercentEncoding.encoded(target)
        var response = self.portal.pages.response(.provider, title: title, language, status: status, values)
        if status == .serviceUnavailable { response.headers[.retryAfter] = "10" }
        return response
    }
}

extension ProviderRoutes {
    /// The page from which somebody goes to sign in at the provider again.
    ///
    /// A page, and not a redirect: they may come from a form, which the pages' policy lets lead nowhere but here.
    static func signInAgain(
        _ provider: IdentityProvider
    ) -> @Sendable (_ visit: Visit, _ target: String) async throws -> Response {
        { visit, target in
            visit.page(
                .message,
                title: "signInAgain",
                [
                    "text": visit.text("signInAgainText"),
                    "next": "/sign-in/provider?again=1&return=\(PercentEncoding.encoded(target))",
                    "nextText": "\(visit.text("providerSignIn")) \(provider.settings.name)",
                ]
            )
        }
    }
}

/// What a provider sends back with a browser (RFC 6749, section 4.1.2; RFC 9207). It may have more in it than we know.
struct AuthorizationAnswer: Equatable, Sendable {
    let state: String
    /// Nil when nobody signed in.
    let code: String?
    let issuer: String?

    /// Reads a query; nil for what is none of both, or has something twice.
    init?(query: String) {
        var values: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decoded(parts[0].utf8, plusIsSpace: true),
                let value = PercentEncoding.decoded(parts.count == 2 ? Array(parts[1].utf8) : [], plusIsSpace: true),
                values.updateValue(value, forKey: name) == nil
            else { return nil }
        }
        guard let state = values["state"], (values["code"] == nil) != (values["error"] == nil),
            (values["code"]?.utf8.count ?? 0) <= 8192
        else { return nil }
        self.state = state
        self.code = values["code"]
        self.issuer = values["iss"]
    }
}
