import EscrowAPI
import EscrowModel
import EscrowService
import Hummingbird

/// `/api/compromises`: what may be known to somebody who should not know it is replaced, in waves.
struct CompromiseRoutes: Sendable {
    let service: EscrowService

    private static let standardRate = 60

    func add(to compromises: RouterGroup<AuthenticatedContext>) {
        compromises.get("", use: self.list)
        compromises.post("", use: self.start)
        compromises.get("{compromiseId}", use: self.show)
        compromises.post("{compromiseId}/cancel", use: self.cancel)
    }

    @Sendable
    private func list(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let found = try await self.service.compromises(by: context.caller)
        let items = found.map { CompromiseDocument($0.compromise, $0.progress) }
        return try JSONAnswer.response(PageDocument(items: items, next: nil))
    }

    @Sendable
    private func start(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let wanted = try context.content.decodeStrictly(CompromiseRequest.self, of: request.headers)
        let target = try Self.target(wanted)
        if wanted.dryRun ?? false {
            let preview = try await self.service.previewCompromise(of: target, by: context.caller)
            return try JSONAnswer.response(
                CompromisePreviewDocument(devices: preview.devices, volumes: preview.volumes, keys: preview.keys)
            )
        }
        let started = try await self.service.startCompromise(
            of: target,
            perMinute: wanted.perMinute ?? Self.standardRate,
            by: context.caller
        )
        let now = try await self.service.compromise(started.compromise.id, by: context.caller)
        return try JSONAnswer.response(
            CompromiseDocument(now.compromise, now.progress),
            status: started.isNew ? .created : .ok
        )
    }

    @Sendable
    private func show(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let id = try PathParameters.guid("compromiseId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        let found = try await self.service.compromise(id, by: context.caller)
        return try JSONAnswer.response(CompromiseDocument(found.compromise, found.progress))
    }

    @Sendable
    private func cancel(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let id = try PathParameters.guid("compromiseId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        _ = try await self.service.cancelCompromise(id, by: context.caller)
        let found = try await self.service.compromise(id, by: context.caller)
        return try JSONAnswer.response(CompromiseDocument(found.compromise, found.progress))
    }

    private static func target(_ wanted: CompromiseRequest) throws -> Compromise.Target {
        if let group = wanted.group { try Limits.check(text: group, field: "group", characters: 1...64) }
        if let caller = wanted.disclosedTo { try Limits.check(text: caller, field: "disclosedTo", characters: 1...600) }
        guard wanted.disclosedTo != nil || wanted.since == nil else {
            throw Problem.invalid(field: "since", "goes with disclosedTo only")
        }
        switch (wanted.deviceId, wanted.group, wanted.disclosedTo) {
        case (let device?, nil, nil): return .device(device)
        case (nil, let group?, nil): return .group(group)
        case (nil, nil, let caller?):
            guard let since = wanted.since else {
                throw Problem.invalid(field: "since", "is needed with disclosedTo")
            }
            return .disclosedTo(caller, since: since)
        default: throw Problem.invalid(field: "body", "must have exactly one of deviceId, group and disclosedTo")
        }
    }
}
