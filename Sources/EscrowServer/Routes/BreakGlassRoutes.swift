import EscrowAPI
import EscrowModel
import EscrowService
import Hummingbird

/// `/api/break-glass`: setting emergency access up and revoking it, on the server's own console only, and what became of it.
struct BreakGlassRoutes: Sendable {
    let service: EscrowService

    func add(to setups: RouterGroup<AuthenticatedContext>) {
        setups.get("", use: self.list)
        setups.post("", use: self.setUp)
        setups.delete("{setupId}", use: self.revoke)
    }

    @Sendable
    private func list(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let setups = try await self.service.breakGlassSetups(by: context.caller)
        return try JSONAnswer.response(PageDocument(items: setups.map(BreakGlassDocument.init), next: nil))
    }

    @Sendable
    private func setUp(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let wanted = try context.content.decodeStrictly(SetUpBreakGlassRequest.self, of: request.headers)
        let longest = BreakGlassSetup.windows.upperBound.milliseconds / 1000
        guard (0...longest).contains(wanted.windowSeconds) else {
            throw Problem.invalid(field: "windowSeconds", "must be at most \(longest)")
        }
        let setup = try await self.service.setUpBreakGlass(
            wanted.id,
            shares: wanted.shares,
            threshold: wanted.threshold,
            role: wanted.role,
            window: .seconds(wanted.windowSeconds),
            salt: Array(wanted.salt),
            verifier: Array(wanted.verifier),
            by: context.caller
        )
        return try JSONAnswer.response(BreakGlassDocument(setup), status: .created)
    }

    @Sendable
    private func revoke(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let setup = try PathParameters.guid("setupId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        return try JSONAnswer.response(
            BreakGlassDocument(try await self.service.revokeBreakGlass(setup, by: context.caller))
        )
    }
}

/// `POST /api/break-glass/open`: enough shares buy a token for a while. Open to everybody, as nobody can sign in when it is
/// needed: the shares are the credential.
struct BreakGlassOpening: Sendable {
    let service: EscrowService

    func add(to setups: RouterGroup<ServerContext>) {
        setups.post("open", use: self.open)
    }

    @Sendable
    private func open(_ request: Request, context: ServerContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let wanted = try context.content.decodeStrictly(OpenBreakGlassRequest.self, of: request.headers)
        try Limits.check(text: wanted.reason, field: "reason", characters: 1...200)
        var operatorName: String?
        if case .console(let name) = context.peer { operatorName = name }
        let access = try await self.service.openBreakGlass(
            shares: wanted.shares,
            reason: try DisclosureReason(code: .other, ticket: wanted.ticket, comment: wanted.reason),
            operatorName: operatorName,
            source: context.source(of: request)
        )
        return try JSONAnswer.response(
            OpenBreakGlassAnswer(token: access.token, role: access.setup.role, endsAt: access.endsAt),
            status: .created
        )
    }
}
