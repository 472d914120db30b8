import EscrowAPI
import EscrowModel
import EscrowService
import Hummingbird

/// `/api/keyring/master-key`. The policy lets only somebody on the server's own console use it.
struct MasterKeyRoutes: Sendable {
    let service: EscrowService

    func add(to keyring: RouterGroup<AuthenticatedContext>) {
        keyring.post("master-key", use: self.change)
    }

    @Sendable
    private func change(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let wanted = try context.content.decodeStrictly(ChangeMasterKeyRequest.self, of: request.headers)
        let changed = try await self.service.changeMasterKey(
            to: wanted.masterKey,
            by: context.caller
        )
        return try JSONAnswer.response(ChangeMasterKeyAnswer(masterKey: changed.id, detail: changed.detail))
    }
}
