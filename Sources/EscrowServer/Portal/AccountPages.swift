import BitLocker
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird
import IdentityProvider
import SignIn

/// `/account`: who is signed in, and their sessions; and the way out.
struct AccountPages: Sendable {
    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("", use: self.portal.page(self.begin))
        pages.get("account", use: self.portal.page(self.show))
        pages.post("account/sessions/end-others", use: self.portal.form(self.endOthers))
        pages.post("account/sessions/{sessionId}/end", use: self.portal.form(self.end))
        pages.post("sign-out", use: self.signOut)
        pages.get("signed-out", use: self.signedOut)
    }

    @Sendable
    private func begin(_ visit: Visit) async throws -> Response {
        Portal.redirect(to: Navigation.home(of: visit.caller.role))
    }

    @Sendable
    private func show(_ visit: Visit) async throws -> Response {
        let session = visit.person.session
        let sessions = try await visit.service.sessions(of: visit.person)
        let scope =
            switch visit.caller.scope {
            case .everything: visit.text("everyDevice")
            case .groups(let groups): groups.sorted().joined(separator: ", ")
            }
        return visit.page(
            .account,
            title: "yourAccount",
            [
                "scope": scope,
                "issuer": session.issuer == Account.issuer ? visit.text("local") : session.issuer,
                "others": sessions.count > 1,
                "sessions": sessions.map { each in
                    [
                        "id": each.id.description, "address": each.address, "agent": each.agent ?? "",
                        "began": each.createdAt.description, "used": each.lastUsedAt.description,
                        "current": each.id == session.id,
                    ] as [String: Any]
                },
            ]
        )
    }

    @Sendable
    private func endOthers(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        try await visit.service.endSession(nil, of: visit.person)
        return Portal.redirect(to: "/account")
    }

    @Sendable
    private func end(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        guard let id = GUID(visit.context.parameters.get("sessionId") ?? "") else { throw Problem.notFound }
        try await visit.service.endSession(id, of: visit.person)
        return Portal.redirect(to: "/account")
    }

    /// Whoever is out already, in another window perhaps, gets to where they want.
    @Sendable
    private func signOut(_ request: Request, context: ServerContext) async throws -> Response {
        guard try await self.portal.person(request, context) != nil else { return self.out() }
        return try await self.portal.form { visit, _ in
            try await visit.service.signOut(visit.person)
            return await self.outAtProvider(visit) ?? self.out()
        }(request, context)
    }

    /// Where somebody whom a provider vouched for is led to sign out there too; nil for others.
    ///
    /// A page that leads on, and not a redirect: the pages' policy lets no form go elsewhere.
    private func outAtProvider(_ visit: Visit) async -> Response? {
        guard let provider = self.portal.provider, visit.person.session.issuer == provider.settings.issuer else {
            return nil
        }
        var generator = SystemRandomNumberGenerator()
        let step = SignInToken.generate(using: &generator)
        let (token, state) = (step.reveal(), step.formToken())
        guard let address = await provider.endSessionAddress(of: visit.person.session.id, state: state) else {
            return nil
        }
        var response = self.portal.pages.response(
            .message,
            title: "signedOutTitle",
            visit.language,
            ["text": visit.text("signedOutHere"), "next": address, "nextText": visit.text("signedOutGoOn")]
        )
        response.headers[.leadOn] = "0; url=\(address)"
        response.headers.append(cookie: self.portal.session.clearing)
        response.headers.append(cookie: self.portal.step.setting(token))
        response.headers[.clearSiteData] = "\"cache\", \"storage\""
        return response
    }

    private func out() -> Response {
        var response = Portal.redirect(to: "/signed-out")
        response.headers.append(cookie: self.portal.session.clearing)
        response.headers.append(cookie: self.portal.step.clearing)
        response.headers[.clearSiteData] = "\"cache\", \"storage\""
        return response
    }

    @Sendable
    private func signedOut(_ request: Request, context: ServerContext) async throws -> Response {
        let language = Language(of: request.headers)
        let texts = self.portal.pages.catalogue
        // What a provider was sent with somebody, it sends back when they are out there too.
        let state = (request.uri.query ?? "").split(separator: "&").first { $0.hasPrefix("state=") }?.dropFirst(6) ?? ""
        let token = self.portal.step.value(in: request.headers).flatMap { SignInToken($0) }
        let isOutAtProvider = token?.isFormToken(String(state)) ?? false
        return self.portal.pages.response(
            .message,
            title: "signedOutTitle",
            language,
            [
                "text": texts.text(isOutAtProvider ? "signedOutBoth" : "signedOutText", language), "next": "/sign-in",
                "nextText": texts.text("signIn", language),
            ]
        )
    }
}
