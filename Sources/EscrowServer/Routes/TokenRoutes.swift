import EscrowAPI
import EscrowModel
import EscrowService
import Hummingbird

/// `/api/tokens` and `/api/enrolment-tokens`. The policy lets only somebody on the server's own console use them.
struct TokenRoutes: Sendable {
    let service: EscrowService

    func add(to tokens: RouterGroup<AuthenticatedContext>, and enrolment: RouterGroup<AuthenticatedContext>) {
        tokens.get("", use: self.list)
        tokens.post("", use: self.create)
        tokens.delete("{tokenId}", use: self.revoke)
        enrolment.get("", use: self.listEnrolment)
        enrolment.post("", use: self.createEnrolment)
        enrolment.delete("{tokenId}", use: self.revokeEnrolment)
    }

    @Sendable
    private func list(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let tokens = try await self.service.apiTokens(by: context.caller)
        return try JSONAnswer.response(PageDocument(items: tokens.map(TokenDocument.init), next: nil))
    }

    @Sendable
    private func create(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let wanted = try context.content.decodeStrictly(CreateTokenRequest.self, of: request.headers)
        let made = try await self.service.createAPIToken(
            name: wanted.name,
            role: wanted.role,
            scope: wanted.groups.map { .groups(Set($0)) } ?? .everything,
            expiresAt: wanted.expiresAt,
            by: context.caller
        )
        return try JSONAnswer.response(NewTokenAnswer(id: made.token.id, token: made.secret), status: .created)
    }

    @Sendable
    private func revoke(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let token = try PathParameters.guid("tokenId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        return try JSONAnswer.response(
            TokenDocument(try await self.service.revokeAPIToken(token, by: context.caller))
        )
    }

    @Sendable
    private func listEnrolment(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let tokens = try await self.service.enrolmentTokens(by: context.caller)
        return try JSONAnswer.response(PageDocument(items: tokens.map(EnrolmentTokenDocument.init), next: nil))
    }

    @Sendable
    private func createEnrolment(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let wanted = try context.content.decodeStrictly(CreateEnrolmentTokenRequest.self, of: request.headers)
        let made = try await self.service.createEnrolmentToken(
            name: wanted.name,
            group: wanted.group,
            maximumUses: wanted.maximumUses,
            expiresAt: wanted.expiresAt,
            by: context.caller
        )
        return try JSONAnswer.response(NewTokenAnswer(id: made.token.id, token: made.secret), status: .created)
    }

    @Sendable
    private func revokeEnrolment(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let token = try PathParameters.guid("tokenId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        return try JSONAnswer.response(
            EnrolmentTokenDocument(try await self.service.revokeEnrolmentToken(token, by: context.caller))
        )
    }
}
