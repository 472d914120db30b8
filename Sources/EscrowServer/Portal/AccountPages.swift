import BitLocker
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird
import SignIn

/// `/account`: who is signed in, and their sessions; and the way out.
struct AccountPages: Sendable {
    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("", use: self.begin)
        pages.get("account", use: self.show)
        pages.post("account/sessions/end-others", use: self.endOthers)
        pages.post("account/sessions/{sessionId}/end", use: self.end)
        pages.post("sign-out", use: self.signOut)
        pages.get("signed-out", use: self.signedOut)
        pages.get("portal.css", use: self.style)
    }

    @Sendable
    private func begin(_ request: Request, context: ServerContext) async throws -> Response {
        Portal.redirect(to: Portal.home)
    }

    @Sendable
    private func show(_ request: Request, context: ServerContext) async throws -> Response {
        guard let person = try await self.portal.person(request, context) else {
            return Portal.redirect(to: "/sign-in?return=%2Faccount")
        }
        let language = Language(of: request.headers)
        let texts = self.portal.pages.catalogue
        let form = self.formToken(request) ?? ""
        let sessions = try await self.portal.service.sessions(of: person)
        let scope =
            switch person.caller.scope {
            case .everything: texts.text("everyDevice", language)
            case .groups(let groups): groups.sorted().joined(separator: ", ")
            }
        return self.portal.pages.response(
            .account,
            title: "yourAccount",
            language,
            [
                "person": person.caller.displayName,
                "form": form,
                "role": texts.text(person.caller.role.message, language),
                "scope": scope,
                "issuer": person.session.issuer == Account.issuer
                    ? texts.text("local", language) : person.session.issuer,
                "others": sessions.count > 1,
                "sessions": sessions.map { session in
                    [
                        "id": session.id.description, "address": session.address, "agent": session.agent ?? "",
                        "began": session.createdAt.description, "used": session.lastUsedAt.description,
                        "current": session.id == person.session.id,
                    ] as [String: Any]
                },
            ]
        )
    }

    @Sendable
    private func endOthers(_ request: Request, context: ServerContext) async throws -> Response {
        let person = try await self.person(of: request, context)
        try await self.portal.service.endSession(nil, of: person)
        return Portal.redirect(to: Portal.home)
    }

    @Sendable
    private func end(_ request: Request, context: ServerContext) async throws -> Response {
        let person = try await self.person(of: request, context)
        guard let id = GUID(context.parameters.get("sessionId") ?? "") else { throw Problem.notFound }
        try await self.portal.service.endSession(id, of: person)
        return Portal.redirect(to: Portal.home)
    }

    @Sendable
    private func signOut(_ request: Request, context: ServerContext) async throws -> Response {
        // Whoever is out already, in another window perhaps, gets to where they want.
        guard try await self.portal.person(request, context) != nil else { return self.out() }
        let person = try await self.person(of: request, context)
        try await self.portal.service.signOut(person)
        return self.out()
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
        return self.portal.pages.response(
            .message,
            title: "signedOutTitle",
            language,
            [
                "text": texts.text("signedOutText", language), "next": "/sign-in",
                "nextText": texts.text("signIn", language),
            ]
        )
    }

    @Sendable
    private func style(_ request: Request, context: ServerContext) async throws -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/css; charset=utf-8", .cacheControl: "public, max-age=300"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: PackageResources.portal_css))
        )
    }

    /// Who sends a form of ours. Throws when nobody is signed in, and when the form is not one that this session was given.
    private func person(of request: Request, _ context: ServerContext) async throws -> SignedIn {
        guard let person = try await self.portal.person(request, context) else { throw EscrowError.notAuthenticated }
        let fields = try FormFields(context.content, of: request.headers)
        guard let token = self.portal.session.value(in: request.headers).flatMap({ SignInToken($0) }),
            token.isFormToken(fields.text("form"))
        else { throw EscrowError.denied }
        return person
    }

    private func formToken(_ request: Request) -> String? {
        self.portal.session.value(in: request.headers).flatMap { SignInToken($0)?.formToken() }
    }
}

extension Role {
    /// The key of what people call it.
    fileprivate var message: String {
        "role" + self.rawValue.prefix(1).uppercased() + self.rawValue.dropFirst()
    }
}
