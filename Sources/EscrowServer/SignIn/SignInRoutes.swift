import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird
import IdentityProvider
import SignIn

/// `/sign-in`: user name and password, then the one-time password.
struct SignInRoutes: Sendable {
    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("sign-in", use: self.form)
        pages.post("sign-in", use: self.checkPassword)
        pages.post("sign-in/code", use: self.checkCode)
    }

    private enum Parameter: String, CaseIterable, Hashable, Sendable {
        case target = "return"
        /// Asks for the accounts of our own where the provider's link stands alone.
        case local
    }

    @Sendable
    private func form(_ request: Request, context: ServerContext) async throws -> Response {
        let parameters = try QueryParameters<Parameter>(of: request)
        let target = Portal.returnPath(parameters.raw(.target) ?? "")
        if try await self.portal.person(request, context) != nil { return Portal.redirect(to: target) }
        let areAccountsHidden = self.portal.provider?.settings.areAccountsHidden ?? false
        return self.form(request, target, isLocal: !areAccountsHidden || parameters.has(.local))
    }

    /// The form, with the browser's cookie or a new one.
    func form(
        _ request: Request,
        _ target: String,
        alert: String? = nil,
        status: HTTPResponse.Status = .ok,
        isLocal: Bool = true
    ) -> Response {
        let language = Language(of: request.headers)
        var generator = SystemRandomNumberGenerator()
        let held = self.portal.step.value(in: request.headers).flatMap { SignInToken($0) }
        let isNew = held == nil
        let token = held ?? SignInToken.generate(using: &generator)
        var values: [String: Any] = ["form": token.formToken(), "return": target]
        values["alert"] = alert
        values["provider"] = self.portal.provider?.settings.name
        values["encodedReturn"] = PercentEncoding.encoded(target)
        values["local"] = isLocal
        var response = self.portal.pages.response(.signin, title: "signIn", language, status: status, values)
        if isNew { response.headers.append(cookie: self.portal.step.setting(token.reveal())) }
        return response
    }

    @Sendable
    private func checkPassword(_ request: Request, context: ServerContext) async throws -> Response {
        let fields = try FormFields(context.content, of: request.headers, secrets: ["password"])
        let target = Portal.returnPath(fields.text("return"))
        let language = Language(of: request.headers)
        let texts = self.portal.pages.catalogue
        guard self.isOurs(fields, request) else {
            return self.form(request, target, alert: texts.text("expired", language), status: .forbidden)
        }
        let answer = try await self.portal.service.signIn(
            userName: fields.text("userName"),
            password: fields.secret("password"),
            source: context.source(of: request)
        )
        switch answer {
        case .next(let step): return self.codeForm(request, step: step, target)
        case .refused:
            return self.form(
                request,
                target,
                alert: texts.text("signInRefused", language),
                status: .unprocessableContent
            )
        case .wait(let seconds):
            var response = self.form(
                request,
                target,
                alert: "\(texts.text("wait", language)) \(seconds)",
                status: .tooManyRequests
            )
            response.headers[.retryAfter] = String(seconds)
            return response
        }
    }

    private func codeForm(
        _ request: Request,
        step: String,
        _ target: String,
        alert: String? = nil,
        status: HTTPResponse.Status = .ok
    ) -> Response {
        let language = Language(of: request.headers)
        var values: [String: Any] = ["return": target]
        values["form"] = SignInToken(step)?.formToken()
        values["alert"] = alert
        var response = self.portal.pages.response(.code, title: "secondFactor", language, status: status, values)
        response.headers.append(cookie: self.portal.step.setting(step))
        return response
    }

    @Sendable
    private func checkCode(_ request: Request, context: ServerContext) async throws -> Response {
        let fields = try FormFields(context.content, of: request.headers)
        let target = Portal.returnPath(fields.text("return"))
        let language = Language(of: request.headers)
        let texts = self.portal.pages.catalogue
        guard let step = self.portal.step.value(in: request.headers), self.isOurs(fields, request) else {
            return self.form(request, target, alert: texts.text("expired", language), status: .forbidden)
        }
        let source = context.source(of: request)
        switch try await self.portal.service.signIn(step: step, code: fields.text("code"), source: source) {
        case .signedIn(let session): return self.portal.begin(session, Portal.redirect(to: target))
        case .refused:
            let alert = texts.text("codeRefused", language)
            return self.codeForm(request, step: step, target, alert: alert, status: .unprocessableContent)
        case .wait(let seconds):
            let alert = "\(texts.text("wait", language)) \(seconds)"
            var response = self.codeForm(request, step: step, target, alert: alert, status: .tooManyRequests)
            response.headers[.retryAfter] = String(seconds)
            return response
        case .over: return self.form(request, target, alert: texts.text("expired", language), status: .forbidden)
        }
    }

    /// Whether a form is of a page that this very browser was given.
    private func isOurs(_ fields: FormFields, _ request: Request) -> Bool {
        guard let token = self.portal.step.value(in: request.headers).flatMap({ SignInToken($0) }) else { return false }
        return token.isFormToken(fields.text("form"))
    }
}
