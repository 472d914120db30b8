import BitLocker
import EscrowModel
import EscrowPolicy
import EscrowService
import Hummingbird

/// `/access`: what each role may do, device groups, and the disclosure rules in force.
struct AccessPages: Sendable {
    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("access", use: self.portal.page(self.roles))
        pages.get("access/groups", use: self.portal.page(self.groups))
        pages.get("access/rules", use: self.portal.page(self.rules))
        pages.get("access/break-glass", use: self.portal.page(self.breakGlass))
        AccountsPages(portal: self.portal).add(to: pages)
        SessionsPages(portal: self.portal).add(to: pages)
        TokensPages(portal: self.portal).add(to: pages)
    }

    // MARK: Roles

    /// The roles that people have, from the least to the most.
    private static let people: [Role] = [.owner, .reader, .helpdesk, .administrator, .auditor]

    /// Actions by what they are about, in the order of the table; a test sees that none is missing.
    static let topics: [(title: String, actions: [Action])] = [
        ("topicKeys", [.listKeys, .readDevice, .revealKey, .declareCompromise]),
        ("topicRotation", [.requestRotation, .cancelRotation]),
        ("topicDevices", [.moveDevice, .retireDevice, .setLegalHold]),
        ("topicApprovals", [.requestApproval, .decideApproval, .listApprovals]),
        ("topicAudit", [.readAudit, .exportAudit]),
        ("topicAccess", [.readPolicy, .readAccess, .manageAccounts, .manageEnrolment, .revokeTokens, .manageTokens]),
        ("topicServer", [.readSettings, .manageKeyring, .manageBreakGlass, .openBreakGlass]),
        ("topicItself", []),
    ]

    /// The table's rows: what belongs to no topic is about the device or the server itself, or new.
    static func actions(of topic: (title: String, actions: [Action])) -> [Action] {
        guard topic.actions.isEmpty else { return topic.actions }
        let named = Set(Self.topics.flatMap(\.actions))
        return Action.allCases.filter { !named.contains($0) }
    }

    @Sendable
    private func roles(_ visit: Visit) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: visit.request)
        _ = try await visit.service.policy(by: visit.caller)
        let columns = Self.people + [.device, .system]
        let topics = Self.topics.map { topic in
            let actions = Self.actions(of: topic)
            let rows = actions.map { action in
                let cells: [[String: Any]] = columns.map { role in
                    ["yes": Policy.actions(of: role).contains(action), "own": role == visit.caller.role]
                }
                var row: [String: Any] = ["text": visit.text(action.message), "cells": cells]
                if Policy.onConsole.contains(action) {
                    row["note"] = visit.text("onConsole")
                } else if Policy.freshOnly.contains(action) {
                    row["note"] = visit.text("afterFreshSignIn")
                } else if action == .openBreakGlass {
                    row["note"] = visit.text("withShares")
                }
                return row
            }
            return ["title": visit.text(topic.title), "rows": rows, "columns": columns.count + 1] as [String: Any]
        }
        let roles = columns.map { role in
            ["text": visit.text(role.message), "own": role == visit.caller.role] as [String: Any]
        }
        return visit.accessPage(.accessroles, .roles, ["roles": roles, "topics": topics])
    }

    // MARK: Groups

    @Sendable
    private func groups(_ visit: Visit) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: visit.request)
        let policy = try await visit.service.policy(by: visit.caller)
        let groups = try await visit.service.groups(by: visit.caller)
        let words = RuleWords(visit)
        let ruled = Set(policy.groups.map(\.group))
        let rows = groups.map { group in
            [
                "name": group.name, "devices": visit.number(group.devices), "ruled": ruled.contains(group.name),
                "path": "/devices?group=\(PercentEncoding.encoded(group.name))",
            ] as [String: Any]
        }
        let rules = policy.groups.enumerated().map { index, rule in
            ["number": index + 1, "name": rule.group, "when": words.conditions(of: rule)] as [String: Any]
        }
        return visit.accessPage(
            .accessgroups,
            .groups,
            ["groups": rows, "rules": rules, "hasGroups": !rows.isEmpty, "hasRules": !rules.isEmpty]
        )
    }

    // MARK: Rules

    @Sendable
    private func rules(_ visit: Visit) async throws -> Response {
        let query = try QueryParameters<ExplainForm.Parameter>(of: visit.request)
        let policy = try await visit.service.policyInView(by: visit.caller)
        let words = RuleWords(visit)
        let rules = policy.document.rules.rules.map { rule in
            ["name": rule.name, "scope": words.scope(of: rule), "wants": words.wants(of: rule)] as [String: Any]
        }
        var values: [String: Any] = [
            "rules": rules, "hasRules": !rules.isEmpty, "isNone": policy.document.isNone,
            "hash": policy.document.digest, "yaml": policy.document.text,
            "warnings": PolicyReview(policy.document).warnings,
            "hasWarnings": !PolicyReview(policy.document).warnings.isEmpty,
            "read": policy.readAt.map { visit.exactTime($0) } ?? "–",
        ]
        let explanation = try await ExplainForm(query, visit).values()
        values.merge(explanation) { _, new in new }
        return visit.accessPage(.accessrules, .rules, values)
    }

    // MARK: Break-glass

    @Sendable
    private func breakGlass(_ visit: Visit) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: visit.request)
        let setups = try await visit.service.breakGlassSetups(by: visit.caller)
        let now = visit.portal.clock()
        let rows = setups.map { setup -> [String: Any] in
            let (state, look) =
                switch setup.state {
                case .sealed: ("breakGlassSealed", "ok")
                case .opened: setup.isOpen(at: now) ? ("breakGlassOpen", "bad") : ("breakGlassUsed", "")
                case .revoked: ("breakGlassRevoked", "")
                }
            return [
                "state": visit.text(state), "look": look, "threshold": setup.threshold, "shares": setup.shares,
                "role": visit.text(setup.role.message), "window": visit.formats.duration(setup.window),
                "made": visit.time(setup.createdAt), "by": setup.createdBy,
                "opened": visit.time(setup.openedAt, or: "never"), "ends": visit.time(setup.endsAt, or: "nothing"),
            ]
        }
        let isOpen = setups.contains { $0.isOpen(at: now) }
        return visit.accessPage(
            .accessbreakglass,
            .breakGlass,
            [
                "setups": rows, "hasSetups": !rows.isEmpty, "isOpen": isOpen,
                "isSealed": setups.contains { $0.state == .sealed },
                "command": "sparekey break-glass setup --data DIR --shares 5 --threshold 3",
            ]
        )
    }
}

extension Action {
    /// The key of what it is in words.
    var message: String { "may" + self.rawValue.capitalizedFirst }
}
