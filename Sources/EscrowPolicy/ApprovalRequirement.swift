package import EscrowModel

/// That a second person must approve a disclosure.
package struct ApprovalRequirement: Equatable, Sendable {
    /// The approver must have one of these roles; nobody can approve when there is none.
    package var roles: Set<Role>
    /// How long a request waits for its answer, and then how long an approval can be used.
    package var expires: TimeSpan

    /// Makes it from its parts.
    package init(roles: Set<Role>, expires: TimeSpan) {
        self.roles = roles
        self.expires = expires
    }

    /// Whether an approval that was given is enough, now.
    package func isMet(by approval: GivenApproval?, at now: Timestamp) -> Bool {
        guard let approval else { return false }
        return self.roles.contains(approval.role) && approval.at <= now && now < approval.at + self.expires
    }

    /// What meets all of several requirements; nil when there are none.
    package static func strictest(_ requirements: some Sequence<ApprovalRequirement>) -> ApprovalRequirement? {
        requirements.reduce(nil) { strictest, next in
            guard let strictest else { return next }
            return ApprovalRequirement(
                roles: strictest.roles.intersection(next.roles),
                expires: min(strictest.expires, next.expires)
            )
        }
    }
}

/// An approval that somebody gave to the very disclosure that is asked for.
package struct GivenApproval: Equatable, Sendable {
    /// The approver's role when they gave it.
    package let role: Role
    /// When they gave it.
    package let at: Timestamp

    /// Makes it from its parts.
    package init(role: Role, at: Timestamp) {
        self.role = role
        self.at = at
    }
}
