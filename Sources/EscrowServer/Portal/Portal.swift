import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird
import IdentityProvider
import SignIn

/// What the portal's routes share: the operations, the pages and the cookies.
struct Portal: Sendable {
    let service: EscrowService
    let pages: Pages
    /// The identity provider that people sign in with; nil where there is none.
    let provider: IdentityProvider?
    /// What time it is; ages on pages are told from it.
    let clock: @Sendable () -> Timestamp
    let session: PortalCookie
    let step: PortalCookie

    init(
        service: EscrowService,
        pages: Pages,
        provider: IdentityProvider?,
        clock: @escaping @Sendable () -> Timestamp,
        areCookiesSecure: Bool
    ) {
        self.service = service
        self.pages = pages
        self.provider = provider
        self.clock = clock
        self.session = PortalCookie(kind: .session, isSecure: areCookiesSecure)
        self.step = PortalCookie(kind: .step, isSecure: areCookiesSecure)
    }

    /// Where a sign-in leads that was asked to lead somewhere: to a path of ours, or to `/`, which leads to where the role begins.
    ///
    /// A path is nothing but letters, digits and what our own addresses have, so that no browser takes it for another host.
    static func returnPath(_ text: String) -> String {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")
        guard let path = parts.first, path.hasPrefix("/"), !path.hasPrefix("//"), !path.contains(".."),
            path.allSatisfy(allowed.contains), text.utf8.count <= 1024,
            parts.count == 1 || parts[1].allSatisfy({ allowed.contains($0) || "%&=+,:".contains($0) })
        else { return "/" }
        return text
    }

    /// Who is signed in; nil when nobody is.
    func person(_ request: Request, _ context: ServerContext) async throws -> SignedIn? {
        guard let token = self.session.value(in: request.headers) else { return nil }
        return try await self.service.signedIn(by: token, source: context.source(of: request))
    }

    /// Leads to another page of ours, or of an identity provider.
    static func redirect(to target: String) -> Response {
        Response(status: .seeOther, headers: [.location: target])
    }

    /// An answer with a new session, in the place of whatever the browser had.
    func begin(_ session: NewSession, _ response: Response) -> Response {
        var response = response
        response.headers.append(cookie: self.session.setting(session.token))
        response.headers.append(cookie: self.step.clearing)
        return response
    }
}
