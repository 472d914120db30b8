import BitLocker
import EscrowModel
import EscrowPolicy
import EscrowService
import Hummingbird

/// What would come of a disclosure: a form whose answer is its own address, for a colleague to open.
struct ExplainForm {
    /// The form's fields.
    enum Parameter: String, CaseIterable, Hashable, Sendable {
        case role
        case groups
        case account
        case device
        case reason
        case ticket
    }

    private let query: QueryParameters<Parameter>
    private let visit: Visit

    init(_ query: QueryParameters<Parameter>, _ visit: Visit) {
        self.query = query
        self.visit = visit
    }

    /// The form as it was sent, and what comes of it.
    func values() async throws -> [String: Any] {
        let role = self.query.raw(.role).flatMap(Role.init(rawValue:)) ?? .helpdesk
        let reason = self.query.raw(.reason).flatMap(DisclosureReason.Code.init(rawValue:)) ?? .firmwareUpdate
        let words = RuleWords(self.visit)
        var values: [String: Any] = [
            "explainRoles": [Role.helpdesk, .administrator, .owner, .reader, .auditor].map { each in
                ["value": each.rawValue, "text": self.visit.text(each.message), "chosen": each == role] as [String: Any]
            },
            "explainReasons": DisclosureReason.Code.allCases.map { each in
                ["value": each.rawValue, "text": words.reason(each), "chosen": each == reason] as [String: Any]
            },
        ]
        for field in [Parameter.groups, .account, .device, .ticket] { values[field.rawValue] = self.text(field) }
        guard self.query.has(.device) else { return values }
        do throws(EscrowError) {
            guard let device = try await self.device() else { return values.merging(self.problem("device")) { $1 } }
            values["deviceName"] = device.facts.name
            let supposed = SupposedDisclosure(
                caller: self.caller(role),
                device: device.id,
                reason: try DisclosureReason(
                    code: reason,
                    ticket: self.text(.ticket).isEmpty ? nil : self.text(.ticket),
                    comment: reason == .other ? "supposed" : nil
                ),
                at: nil,
                address: nil
            )
            let explained = try await self.visit.service.explain(supposed, by: self.visit.caller)
            values["explained"] = self.answer(explained, words)
        } catch {
            switch error {
            case .invalid("caller", _): values.merge(self.problem("account")) { $1 }
            case .invalid("ticket", _): values.merge(self.problem("ticket")) { $1 }
            case .invalid, .notFound, .denied: values.merge(self.problem("device")) { $1 }
            default: throw error
            }
        }
        return values
    }

    private func problem(_ field: String) -> [String: Any] {
        let key = "explain" + field.capitalizedFirst + "Error"
        return [field + "Error": self.visit.text(key)]
    }

    private func text(_ field: Parameter) -> String {
        String((self.query.raw(field) ?? "").prefix(255)).trimmed
    }

    private func caller(_ role: Role) -> String {
        let account = self.text(.account)
        if !account.isEmpty { return "account:\(account)" }
        let groups = self.text(.groups).split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
        return "role:\(role.rawValue)" + (groups.isEmpty ? "" : ":" + groups.joined(separator: ","))
    }

    /// The device of an ID or of a name; nil where there is none within the caller's scope, or more than one.
    private func device() async throws(EscrowError) -> Device? {
        let text = self.text(.device)
        guard !text.isEmpty else { return nil }
        if let id = GUID(text) { return try await self.visit.service.deviceKeys(id, by: self.visit.caller).device }
        let page = PageRequest(limit: 50)
        let found = try await self.visit.service.devices(namePrefix: text, page, by: self.visit.caller).items
        let exact = found.filter { $0.facts.name.lowercased() == text.lowercased() }
        return exact.count == 1 ? exact.first : nil
    }

    private func answer(_ explained: ExplainedDisclosure, _ words: RuleWords) -> [String: Any] {
        let isAllowed = explained.rules?.isAllowed ?? false
        var values: [String: Any] = [
            "allowed": isAllowed, "group": explained.group, "person": explained.caller.displayName,
            "role": self.visit.text(explained.caller.role.message), "scope": self.visit.words(explained.caller.scope),
            "matrix": self.visit.text(explained.matrix.isAllowed ? "matrixAllows" : "matrixRefuses"),
        ]
        if let span = explained.replaceAfter {
            values["replaced"] = self.visit.text("explainReplaced").filled(["span": self.visit.formats.duration(span)])
        }
        guard let decision = explained.rules else { return values }
        values["findings"] = decision.findings.map { finding in
            let look = !finding.isInScope ? "" : finding.refusals.isEmpty ? "ok" : "bad"
            let state = !finding.isInScope ? "ruleNotAbout" : finding.refusals.isEmpty ? "ruleMet" : "ruleWants"
            return [
                "rule": finding.rule, "look": look, "state": self.visit.text(state),
                "refusals": finding.refusals.map(words.refusal),
            ] as [String: Any]
        }
        values["hasFindings"] = !decision.findings.isEmpty
        values["limits"] = decision.limits.map { limit, usage in
            [
                "rule": limit.rule, "text": words.limit(limit),
                "used": self.visit.text("limitUsed").filled(["n": self.visit.number(usage.count)]),
            ]
        }
        values["hasLimits"] = !decision.limits.isEmpty
        return values
    }
}

extension String {
    /// Without spaces around it.
    fileprivate var trimmed: String {
        let start = self.drop { $0 == " " }
        return String(start.reversed().drop { $0 == " " }.reversed())
    }
}
