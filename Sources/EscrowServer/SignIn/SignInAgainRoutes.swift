import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `/sign-in/again`: for what a rule allows only to those who signed in a short while ago.
struct SignInAgainRoutes: Sendable {
    let portal: Portal
    /// Has somebody's provider vouch for them anew, and leads back to a path; nil where there is no provider.
    var atProvider: (@Sendable (_ visit: Visit, _ target: String) async throws -> Response)?

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("sign-in/again", use: self.portal.page(self.show))
        pages.post("sign-in/again", use: self.portal.form(secrets: ["password"], self.check))
    }

    private enum Parameter: String, CaseIterable, Hashable, Sendable {
        case target = "return"
    }

    /// Where somebody is led who must sign in again before they go on.
    static func path(returningTo target: String) -> String {
        "/sign-in/again?return=\(PercentEncoding.encoded(target))"
    }

    @Sendable
    private func show(_ visit: Visit) async throws -> Response {
        let target = Portal.returnPath(try QueryParameters<Parameter>(of: visit.request).raw(.target) ?? "")
        guard visit.person.session.issuer == Account.issuer else {
            guard let atProvider else {
                return visit.page(.message, title: "signInAgain", ["text": visit.text("signInAgainElsewhere")])
            }
            return try await atProvider(visit, target)
        }
        return self.form(visit, target)
    }

    private func form(
        _ visit: Visit,
        _ target: String,
        alert: String? = nil,
        status: HTTPResponse.Status = .ok
    ) -> Response {
        var values: [String: Any] = ["return": target]
        values["alert"] = alert
        return visit.page(.again, title: "signInAgain", status: status, values)
    }

    @Sendable
    private func check(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        let target = Portal.returnPath(fields.text("return"))
        let answer = try await visit.service.signInAgain(
            visit.person,
            password: fields.secret("password"),
            code: fields.text("code"),
            source: visit.context.source(of: visit.request)
        )
        switch answer {
        case .renewed(let token):
            var response = Portal.redirect(to: target)
            response.headers.append(cookie: self.portal.session.setting(token))
            return response
        case .refused:
            return self.form(visit, target, alert: visit.text("signInAgainRefused"), status: .unprocessableContent)
        case .wait(let seconds):
            let alert = "\(visit.text("wait")) \(seconds)"
            var response = self.form(visit, target, alert: alert, status: .tooManyRequests)
            response.headers[.retryAfter] = String(seconds)
            return response
        case .over: throw EscrowError.notAuthenticated
        }
    }
}
