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

    /// Makes the policy.
    package init() {}

    /// Decides whether a caller may do something.
    package func decide(_ action: Action, by caller: Caller, on subject: Subject) -> Decision {
        if action == .openBreakGlass, caller.isBreakGlass { return .allowed(rule: .breakGlassShares) }
        guard Self.actions(of: caller.role).contains(action) else {
            return .denied(rule: .roleLacksAction, mayKnow: self.mayKnow(subject, caller))
        }
        let localOnly: Set<Action> = [.manageTokens, .manageAccounts, .manageBreakGlass, .manageKeyring]
        if localOnly.contains(action) {
            guard case .localOperator = caller.identity else { return .denied(rule: .localOperatorOnly, mayKnow: true) }
        }
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
                .readAudit, .exportAudit, .manageTokens, .manageAccounts, .manageBreakGlass, .manageKeyring,
                .declareCompromise, .requestApproval, .decideApproval, .listApprovals, .listOwnApprovals, .moveDevice,
                .readPolicy,
            ]
        case .auditor:
            [.listKeys, .readDevice, .readAudit, .exportAudit, .decideApproval, .listApprovals, .readPolicy]
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
