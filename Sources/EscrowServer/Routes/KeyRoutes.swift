import EscrowAPI
import EscrowModel
import EscrowService
import Hummingbird

/// `GET …/keys` and `GET …/keys/{deviceId}`: what is in escrow, without secrets.
struct KeyRoutes: Sendable {
    let service: EscrowService
    let clock: @Sendable () -> Timestamp

    func add(to keys: RouterGroup<AuthenticatedContext>) {
        keys.get("", use: self.list)
        keys.get("{deviceId}", use: self.get)
    }

    @Sendable
    private func list(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let query = try QueryParameters<KeyListParameter>(of: request)
        let filter = try KeyFilter(query, scope: context.caller.scope, now: self.clock())
        let page = try await self.service.keys(
            filter,
            try query.page(of: .keys, cursor: .cursor, limit: .limit),
            by: context.caller
        )
        return try JSONAnswer.response(
            PageDocument(
                items: page.items.map(KeyListItem.init),
                next: page.next.map { Cursor(position: $0, of: .keys).text }
            )
        )
    }

    @Sendable
    private func get(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let device = try PathParameters.guid("deviceId", in: context)
        let query = try QueryParameters<RevealParameter>(of: request)
        if let disclosure = try query.disclosure(request, by: context.caller) {
            let disclosed = try await self.service.reveal(
                device,
                key: nil,
                volume: disclosure.volume,
                reason: disclosure.reason,
                by: context.caller
            )
            return RevealAnswerWriter.response(disclosed)
        }
        return try JSONAnswer.response(
            DeviceKeysDocument(try await self.service.deviceKeys(device, by: context.caller))
        )
    }
}
