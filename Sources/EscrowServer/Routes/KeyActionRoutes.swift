import EscrowAPI
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `POST …/keys/{deviceId}/reveal` and `…/rotate`, and `POST /api/rotations/{rotationId}/cancel`.
struct KeyActionRoutes: Sendable {
    let service: EscrowService

    func add(to keys: RouterGroup<AuthenticatedContext>, and rotations: RouterGroup<AuthenticatedContext>) {
        keys.post("{deviceId}/reveal", use: self.reveal)
        keys.post("{deviceId}/rotate", use: self.rotate)
        rotations.post("{rotationId}/cancel", use: self.cancel)
    }

    @Sendable
    private func reveal(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let device = try PathParameters.guid("deviceId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        let wanted = try context.content.decodeStrictly(RevealRequest.self, of: request.headers)
        let disclosed = try await self.service.reveal(
            device,
            key: wanted.keyId,
            volume: wanted.volumeId,
            reason: try DisclosureReason(code: wanted.reason, ticket: wanted.ticket, comment: wanted.comment),
            by: context.caller
        )
        return RevealAnswerWriter.response(disclosed)
    }

    @Sendable
    private func rotate(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let device = try PathParameters.guid("deviceId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        var wanted = RotateRequest()
        if context.content.count > 0 {
            wanted = try context.content.decodeStrictly(RotateRequest.self, of: request.headers)
        }
        let keys = request.headers[values: .idempotencyKey]
        guard keys.count <= 1 else { throw Problem.invalid(field: "Idempotency-Key", "must be given once only") }
        let rotations = try await self.service.requestRotation(
            device,
            volume: wanted.volumeId,
            trigger: wanted.trigger ?? .manual,
            idempotencyKey: keys.first,
            by: context.caller
        )
        return try JSONAnswer.response(
            RotateAnswer(rotations: rotations.map(RotationDocument.init)),
            status: .accepted
        )
    }

    @Sendable
    private func cancel(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let rotation = try PathParameters.guid("rotationId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        return try JSONAnswer.response(
            RotationDocument(try await self.service.cancelRotation(rotation, by: context.caller))
        )
    }
}
