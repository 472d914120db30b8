/// What the policy answers, with the rule that decided. The rule goes into the audit record; the caller never sees it.
package enum Decision: Equatable, Sendable {
    /// They may.
    case allowed(rule: Rule)
    /// They may not. When they may not even know that the thing exists, the answer is as if it did not.
    case denied(rule: Rule, mayKnow: Bool)

    /// The rule that decided.
    package var rule: Rule {
        switch self {
        case .allowed(let rule), .denied(let rule, _): rule
        }
    }

    /// Whether they may.
    package var isAllowed: Bool {
        switch self {
        case .allowed: true
        case .denied: false
        }
    }
}

/// The rules, by the names that the audit log writes.
package enum Rule: String, CaseIterable, Sendable {
    /// The role holds for the action, and the device is within the caller's scope.
    case roleInScope = "role-in-scope"
    /// The role holds for an action that is about no device.
    case role
    /// The device acts for itself.
    case ownDevice = "own-device"
    /// Enough break-glass shares were put together.
    case breakGlassShares = "break-glass-shares"
    /// The server acts by itself.
    case system
    /// The role does not hold for the action.
    case roleLacksAction = "role-lacks-action"
    /// The role holds, but not for this device's group.
    case outOfScope = "out-of-scope"
    /// A device, or an owner, asked about another's device.
    case notOwnDevice = "not-own-device"
    /// Only somebody on the server's own console may.
    case localOperatorOnly = "local-operator-only"
    /// Only somebody on the server's own console, or who signed in themselves, may: no token does.
    case inPersonOnly = "in-person-only"
    /// The sign-in is older than this may be.
    case signInTooOld = "sign-in-too-old"
    /// The role needs every device in its scope.
    case wholeFleetOnly = "whole-fleet-only"
}
