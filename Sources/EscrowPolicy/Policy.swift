package import BitLocker
package import EscrowModel

/// May they? One pure function, asked in the service and nowhere else.
package struct Policy: Sendable {
    /// What an action is about.
    package enum Subject: Equatable, Sendable {
        /// A device, by its ID, its group and its owner.
        case device(GUID, group: String, owner: String?)
        /// All that is within the caller's scope, as in a list.
        case scope
        /// The installation as a whole.
        case installation
    }

    /// The roles that can be named to approve disclosures. Whether one may approve is the disclosure rules' to say.
    package static let approvers: [Role] = [.helpdesk, .administrator, .auditor]

    private static let listsOfOwn: Set<Action> = [.listOwnDevices, .listOwnApprovals]

    /// How old the sign-in of somebody may be who changes who gets in.
    package static let freshness = TimeSpan.minutes(15)

    /// What only somebody on the server's own console may do.
    package static let onConsole: Set<Action> = [.manageTokens, .manageBreakGlass, .manageKeyring]
    /// What changes who gets in: for the console, and for people who signed in themselves a short while ago. A token that
    /// could do it would outlive its own revocation.
    package static let freshOnly: Set<Action> = [.manageAccounts, .manageEnrolment, .revokeTokens]
    /// What people see of each other and of the server's set-up: for the console, and for people who signed in themselves.
    package static let inPerson: Set<Action> = Self.freshOnly.union([.readAccess, .readSettings])

    /// Makes the policy.
    package init() {}

    /// Decides whether a caller may do something.
    package func decide(
        _ action: Action,
        by caller: Caller,
        on subject: Subject,
        at now: Timestamp
    ) -> Decision {
        if action == .openBreakGlass, caller.isBreakGlass { return .allowed(rule: .breakGlassShares) }
        guard Self.actions(of: caller.role).contains(action) else {
            return .denied(rule: .roleLacksAction, mayKnow: self.mayKnow(subject, caller))
        }
        if let rule = Self.objection(to: action, by: caller, at: now) { return .denied(rule: rule, mayKnow: true) }
        switch (caller.role, subject) {
        case (.system, _):
            return .allowed(rule: .system)
        case (.device, .device(let id, _, _)):
            guard caller.identity == .device(id) else { return .denied(rule: .notOwnDevice, mayKnow: false) }
            return .allowed(rule: .ownDevice)
        case (.device, .scope), (.device, .installation):
            return .denied(rule: .notOwnDevice, mayKnow: false)
        case (.owner, .device(_, _, let owner)):
            guard caller.owns(deviceOf: owner) else { return .denied(rule: .notOwnDevice, mayKnow: false) }
            return .allowed(rule: .ownDevice)
        case (.owner, .scope):
            // What is their own, and not the groups of their account, is what they can list.
            guard Self.listsOfOwn.contains(action) else { return .denied(rule: .notOwnDevice, mayKnow: false) }
            return .allowed(rule: .ownDevice)
        case (.owner, .installation):
            return .denied(rule: .notOwnDevice, mayKnow: false)
        case (.reader, .device(_, let group, _)), (.helpdesk, .device(_, let group, _)),
            (.administrator, .device(_, let group, _)), (.auditor, .device(_, let group, _)):
            guard caller.scope.includes(group: group) else { return .denied(rule: .outOfScope, mayKnow: false) }
            return .allowed(rule: .roleInScope)
        case (.reader, .scope), (.helpdesk, .scope), (.administrator, .scope), (.auditor, .scope):
            return .allowed(rule: .roleInScope)
        case (.reader, .installation), (.helpdesk, .installation), (.administrator, .installation),
            (.auditor, .installation):
            guard caller.scope == .everything else { return .denied(rule: .wholeFleetOnly, mayKnow: true) }
            return .allowed(rule: .role)
        }
    }

    /// What is against an action that some ways of being known are not enough for.
    private static func objection(to action: Action, by caller: Caller, at now: Timestamp) -> Rule? {
        if case .localOperator = caller.identity { return nil }
        if self.onConsole.contains(action) { return .localOperatorOnly }
        guard self.inPerson.contains(action) else { return nil }
        guard case .person = caller.identity else { return .inPersonOnly }
        guard caller.scope == .everything else { return .wholeFleetOnly }
        guard self.freshOnly.contains(action) else { return nil }
        let isFresh = caller.authentication.map { $0.time <= now && now < $0.time + self.freshness } ?? false
        return isFresh ? nil : .signInTooOld
    }

    /// The actions that a role holds for, scope aside.
    package static func actions(of role: Role) -> Set<Action> {
        switch role {
        case .reader:
            [.listKeys, .readDevice]
        case .helpdesk:
            [
                .listKeys, .readDevice, .revealKey, .requestRotation, .cancelRotation, .requestApproval,
                .decideApproval, .listApprovals, .listOwnApprovals,
            ]
        case .administrator:
            [
                .listKeys, .readDevice, .revealKey, .requestRotation, .cancelRotation, .retireDevice, .setLegalHold,
                .readAudit, .exportAudit, .manageTokens, .revokeTokens, .manageEnrolment, .manageAccounts, .readAccess,
                .readSettings, .manageBreakGlass, .manageKeyring, .declareCompromise, .requestApproval, .decideApproval,
                .listApprovals, .listOwnApprovals, .moveDevice, .readPolicy,
            ]
        case .auditor:
            [
                .listKeys, .readDevice, .readAudit, .exportAudit, .decideApproval, .listApprovals, .readPolicy,
                .readAccess,
                .readSettings,
            ]
        case .owner:
            [.readDevice, .revealKey, .requestRotation, .requestApproval, .listOwnDevices, .listOwnApprovals]
        case .device:
            [.checkIn, .depositKey, .reportFailure, .reportInstruction]
        case .system:
            [
                .requestRotation, .enforceDeadlines, .purgeKeys, .proveBacklog, .checkKeyring, .moveDevice,
                .changePolicy,
            ]
        }
    }

    /// Whether the caller may know that the subject exists: whoever may read a device may know of it.
    private func mayKnow(_ subject: Subject, _ caller: Caller) -> Bool {
        guard case .device(let id, let group, let owner) = subject else { return true }
        switch caller.role {
        case .reader, .helpdesk, .administrator, .auditor: return caller.scope.includes(group: group)
        case .owner: return caller.owns(deviceOf: owner)
        case .device: return caller.identity == .device(id)
        case .system: return true
        }
    }
}
