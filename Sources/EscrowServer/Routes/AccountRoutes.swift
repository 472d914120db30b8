import EscrowAPI
import EscrowModel
import EscrowService
import Hummingbird

/// `/api/accounts`: accounts of people who sign in here. The policy lets only somebody on the server's own console use it.
struct AccountRoutes: Sendable {
    let service: EscrowService

    func add(to accounts: RouterGroup<AuthenticatedContext>) {
        accounts.get("", use: self.list)
        accounts.post("", use: self.invite)
        accounts.post("{accountId}/disable", use: self.disable)
        accounts.post("{accountId}/reset", use: self.reset)
    }

    @Sendable
    private func list(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let accounts = try await self.service.accounts(by: context.caller)
        return try JSONAnswer.response(PageDocument(items: accounts.map(AccountDocument.init), next: nil))
    }

    @Sendable
    private func invite(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let wanted = try context.content.decodeStrictly(InviteRequest.self, of: request.headers)
        let invited = try await self.service.invite(
            userName: wanted.userName,
            name: wanted.name,
            role: wanted.role,
            scope: wanted.groups.map { .groups(Set($0)) } ?? .everything,
            by: context.caller
        )
        return try JSONAnswer.response(InvitationAnswer(invited), status: .created)
    }

    @Sendable
    private func disable(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let account = try PathParameters.guid("accountId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        return try JSONAnswer.response(
            AccountDocument(try await self.service.disableAccount(account, by: context.caller))
        )
    }

    @Sendable
    private func reset(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let account = try PathParameters.guid("accountId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        return try JSONAnswer.response(
            InvitationAnswer(try await self.service.resetAccount(account, by: context.caller))
        )
    }
}

extension InvitationAnswer {
    fileprivate init(_ invited: Invited) {
        self.init(account: AccountDocument(invited.account), link: invited.link, expiresAt: invited.expiresAt)
    }
}
