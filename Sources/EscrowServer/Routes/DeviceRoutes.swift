import EscrowAPI
import EscrowModel
import EscrowService
import Hummingbird

/// `/api/devices`: which devices there are, taking one out of use, and legal holds.
struct DeviceRoutes: Sendable {
    let service: EscrowService

    func add(to devices: RouterGroup<AuthenticatedContext>) {
        devices.get("", use: self.list)
        devices.post("{deviceId}/retire", use: self.retire)
        devices.put("{deviceId}/legal-hold", use: self.hold)
        devices.put("{deviceId}/group", use: self.move)
    }

    /// The query parameters of `GET /api/devices`.
    enum ListParameter: String, CaseIterable, Hashable, Sendable {
        case name
        case cursor
        case limit
    }

    @Sendable
    private func list(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let query = try QueryParameters<ListParameter>(of: request)
        let page = try await self.service.devices(
            namePrefix: try query.text(.name),
            try query.page(of: .devices, cursor: .cursor, limit: .limit),
            by: context.caller
        )
        return try JSONAnswer.response(
            PageDocument(
                items: page.items.map(DeviceDocument.init),
                next: page.next.map { Cursor(position: $0, of: .devices).text }
            )
        )
    }

    @Sendable
    private func retire(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let device = try PathParameters.guid("deviceId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        return try JSONAnswer.response(DeviceDocument(try await self.service.retire(device, by: context.caller)))
    }

    @Sendable
    private func move(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let device = try PathParameters.guid("deviceId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        let wanted = try context.content.decodeStrictly(MoveDeviceRequest.self, of: request.headers)
        return try JSONAnswer.response(
            DeviceDocument(try await self.service.move(device, to: wanted.group, by: context.caller))
        )
    }

    @Sendable
    private func hold(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let device = try PathParameters.guid("deviceId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        let wanted = try context.content.decodeStrictly(LegalHoldRequest.self, of: request.headers)
        return try JSONAnswer.response(
            DeviceDocument(try await self.service.setLegalHold(wanted.hold, on: device, by: context.caller))
        )
    }
}
