import EscrowAPI
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `/api/approvals`: asking a second person for a disclosure, and their answer.
struct ApprovalRoutes: Sendable {
    let service: EscrowService
    let clock: @Sendable () -> Timestamp

    func add(to approvals: RouterGroup<AuthenticatedContext>) {
        approvals.get("", use: self.list)
        approvals.post("", use: self.request)
        approvals.post("{approvalId}/approve", use: self.approve)
        approvals.post("{approvalId}/deny", use: self.deny)
        approvals.post("{approvalId}/cancel", use: self.cancel)
    }

    /// The query parameters of `GET /api/approvals`.
    enum ListParameter: String, CaseIterable, Hashable, Sendable {
        case state
        case cursor
        case limit
    }

    @Sendable
    private func list(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let query = try QueryParameters<ListParameter>(of: request)
        let page = try await self.service.approvals(
            in: try query.word(.state, Approval.State.self),
            try query.page(of: .approvals, cursor: .cursor, limit: .limit),
            by: context.caller
        )
        let now = self.clock()
        return try JSONAnswer.response(
            PageDocument(
                items: page.items.map { ApprovalDocument($0, at: now) },
                next: page.next.map { Cursor(position: $0, of: .approvals).text }
            )
        )
    }

    @Sendable
    private func request(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let wanted = try context.content.decodeStrictly(ApprovalRequest.self, of: request.headers)
        let approval = try await self.service.requestApproval(
            wanted.deviceId,
            key: wanted.keyId,
            volume: wanted.volumeId,
            reason: try DisclosureReason(code: wanted.reason, ticket: wanted.ticket, comment: wanted.comment),
            by: context.caller
        )
        return try self.answer(approval, status: .accepted)
    }

    @Sendable
    private func approve(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let id = try PathParameters.guid("approvalId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        return try self.answer(try await self.service.decide(id, approve: true, by: context.caller))
    }

    @Sendable
    private func deny(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let id = try PathParameters.guid("approvalId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        return try self.answer(try await self.service.decide(id, approve: false, by: context.caller))
    }

    @Sendable
    private func cancel(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let id = try PathParameters.guid("approvalId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        return try self.answer(try await self.service.cancelApproval(id, by: context.caller))
    }

    private func answer(_ approval: Approval, status: HTTPResponse.Status = .ok) throws -> Response {
        try JSONAnswer.response(ApprovalDocument(approval, at: self.clock()), status: status)
    }
}
