import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird
import SignIn

/// `/invitation/{token}`: where an account, the first one above all, gets its password and its one-time passwords.
struct InvitationRoutes: Sendable {
    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("invitation/{invitation}", use: self.show)
        pages.post("invitation/{invitation}", use: self.accept)
    }

    @Sendable
    private func show(_ request: Request, context: ServerContext) async throws -> Response {
        let token = context.parameters.get("invitation") ?? ""
        guard let offer = try await self.portal.service.invitation(token) else { return self.over(request) }
        return self.form(request, token, offer)
    }

    @Sendable
    private func accept(_ request: Request, context: ServerContext) async throws -> Response {
        let token = context.parameters.get("invitation") ?? ""
        let fields = try FormFields(context.content, of: request.headers, secrets: ["password", "repeated"])
        guard let offer = try await self.portal.service.invitation(token),
            SignInToken(token)?.isFormToken(fields.text("form")) ?? false
        else { return self.over(request) }
        let acceptance = Acceptance(
            userName: fields.text("userName"),
            name: fields.text("name"),
            password: fields.secret("password"),
            repeated: fields.secret("repeated"),
            code: fields.text("code")
        )
        let source = context.source(of: request)
        switch try await self.portal.service.accept(token, acceptance, source: source) {
        case .over: return self.over(request)
        case .invalid(let problems): return self.form(request, token, offer, fields, problems)
        case .accepted(let session, let codes):
            let language = Language(of: request.headers)
            let page = self.portal.pages.response(.codes, title: "recoveryTitle", language, ["codes": codes])
            return self.portal.begin(session, page)
        }
    }

    private func form(
        _ request: Request,
        _ token: String,
        _ offer: InvitationOffer,
        _ fields: FormFields? = nil,
        _ problems: [AcceptanceProblem] = []
    ) -> Response {
        let language = Language(of: request.headers)
        let texts = self.portal.pages.catalogue
        let userName = offer.account?.userName ?? fields?.text("userName") ?? ""
        var values: [String: Any] = [
            "action": "/invitation/\(token)",
            "userName": userName,
            "name": fields?.text("name") ?? "",
            "secret": offer.codes.text,
            "link": offer.codes.link(account: userName.isEmpty ? "account" : userName),
            "first": offer.account == nil,
        ]
        values["form"] = SignInToken(token)?.formToken()
        values["intro"] =
            offer.account.map { "\(texts.text("invitationIntro", language)): \($0.name) (\($0.userName))." }
            ?? texts.text("firstRunIntro", language)
        for problem in problems { values[problem.field] = texts.text(problem.message, language) }
        return self.portal.pages.response(
            .invitation,
            title: offer.account == nil ? "firstRunTitle" : "invitationTitle",
            language,
            status: problems.isEmpty ? .ok : .unprocessableContent,
            values
        )
    }

    private func over(_ request: Request) -> Response {
        let language = Language(of: request.headers)
        let texts = self.portal.pages.catalogue
        return self.portal.pages.response(
            .message,
            title: "invitationOverTitle",
            language,
            status: .notFound,
            [
                "text": texts.text("invitationOver", language), "next": "/sign-in",
                "nextText": texts.text("signIn", language),
            ]
        )
    }
}

extension AcceptanceProblem {
    /// The template's name for the problem's place.
    fileprivate var field: String {
        switch self {
        case .userName, .userNameTaken: "userNameError"
        case .name: "nameError"
        case .password: "passwordError"
        case .repeated: "repeatedError"
        case .code: "codeError"
        }
    }

    /// The key of what is said.
    fileprivate var message: String {
        switch self {
        case .userName: "userNameError"
        case .userNameTaken: "userNameTaken"
        case .name: "nameError"
        case .password(.tooShort): "passwordTooShort"
        case .password(.tooLong): "passwordTooLong"
        case .password(.common): "passwordCommon"
        case .password(.names): "passwordNames"
        case .password(.pattern): "passwordPattern"
        case .repeated: "repeatedError"
        case .code: "codeWrong"
        }
    }
}
