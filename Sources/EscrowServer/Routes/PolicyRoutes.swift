import EscrowAPI
import EscrowModel
import EscrowPolicy
import EscrowService
import Hummingbird

/// `/api/policy`: the policy file in force, and what it says of a disclosure.
struct PolicyRoutes: Sendable {
    let service: EscrowService

    func add(to policy: RouterGroup<AuthenticatedContext>) {
        policy.get("", use: self.read)
        policy.get("explain", use: self.explain)
    }

    /// The query parameters of `GET /api/policy/explain`.
    enum ExplainParameter: String, CaseIterable, Hashable, Sendable {
        case caller
        case deviceId
        case reason
        case ticket
        case at
        case from
    }

    @Sendable
    private func read(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let policy = try await self.service.policy(by: context.caller)
        return try JSONAnswer.response(PolicyAnswer(digest: policy.digest, content: policy.isNone ? nil : policy.text))
    }

    @Sendable
    private func explain(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let query = try QueryParameters<ExplainParameter>(of: request)
        guard let caller = try query.text(.caller) else { throw Problem.invalid(field: "caller", "is needed") }
        guard let device = try query.guid(.deviceId) else { throw Problem.invalid(field: "deviceId", "is needed") }
        let code = try query.word(.reason, DisclosureReason.Code.self) ?? .other
        let explained = try await self.service.explain(
            SupposedDisclosure(
                caller: caller,
                device: device,
                reason: try DisclosureReason(
                    code: code,
                    ticket: query.raw(.ticket),
                    comment: code == .other ? "supposed" : nil
                ),
                at: try query.timestamp(.at),
                address: try query.text(.from)
            ),
            by: context.caller
        )
        return try JSONAnswer.response(PolicyExplanation(explained))
    }
}

extension PolicyExplanation {
    fileprivate init(_ explained: ExplainedDisclosure) {
        self.init(
            allowed: explained.rules?.isAllowed ?? false,
            policy: explained.policy,
            caller: explained.caller.principal,
            role: explained.caller.role,
            group: explained.group,
            matrixRule: explained.matrix.rule.rawValue,
            matrixAllows: explained.matrix.isAllowed
        )
        guard let decision = explained.rules else { return }
        self.rules = decision.findings.map {
            RuleFinding(rule: $0.rule, inScope: $0.isInScope, refusals: $0.refusals.map(\.word))
        }
        self.limits = decision.limits.map { limit, usage in
            LimitUse(
                rule: limit.rule,
                subject: limit.subject.rawValue,
                window: limit.window.rawValue,
                used: usage.count,
                maximum: limit.maximum
            )
        }
        self.approvalBy = decision.approval.map { approval in Policy.approvers.filter(approval.roles.contains) }
        self.replacedAfterSeconds = explained.replaceAfter.map { Int($0.milliseconds / 1000) }
    }
}
