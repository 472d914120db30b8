package import EscrowModel

/// What somebody may do here, by what their provider says of them. Pure: nothing is looked up.
package struct RoleMapping: Equatable, Sendable {
    /// A claim's value, and what whoever has it gets.
    package struct Rule: Equatable, Sendable {
        /// The claim: a name, or names with dots between.
        package var claim: String
        /// Its value, or one of its values, to the letter.
        package var value: String
        /// The role.
        package var role: Role
        /// The device groups; nil for every device.
        package var groups: Set<String>?

        /// Makes a rule.
        package init(claim: String, value: String, role: Role, groups: Set<String>? = nil) {
            self.claim = claim
            self.value = value
            self.role = role
            self.groups = groups
        }
    }

    /// What somebody gets.
    package struct Grant: Equatable, Sendable {
        /// The role.
        package let role: Role
        /// Over which device groups.
        package let scope: Scope

        /// Grants a role.
        package init(role: Role, scope: Scope) {
            self.role = role
            self.scope = scope
        }
    }

    /// Why somebody gets nothing.
    package enum Refusal: Error, Equatable, Sendable {
        /// Nothing of what they have is given a role.
        case nobody
        /// The provider left a claim out because it would have been too long: they may have a role, and it cannot be seen.
        case overage(claim: String)
    }

    /// The roles that a rule can give, the most powerful first.
    package static let roles: [Role] = [.administrator, .helpdesk, .auditor, .reader, .owner]

    /// The rules; their order does not matter.
    package var rules: [Rule] = []
    /// Whether whoever no rule names is an owner: somebody who sees their own devices and no other.
    package var isAnybodyOwner = false

    /// Makes a mapping.
    package init(rules: [Rule] = [], isAnybodyOwner: Bool = false) {
        self.rules = rules
        self.isAnybodyOwner = isAnybodyOwner
    }

    /// The claims that it looks at, in alphabetical order.
    package var claims: [String] { Set(self.rules.map(\.claim)).sorted() }

    /// What somebody gets: the most powerful role that a rule gives them, in all groups of the rules that give that role. A
    /// weaker rule's groups do not count: they were not given with that role.
    package func grant(_ claims: Claims) throws(Refusal) -> Grant {
        for claim in self.claims where claims[path: claim] == nil && Self.isLeftOut(claim, of: claims) {
            throw .overage(claim: claim)
        }
        let matching = self.rules.filter { claims[path: $0.claim]?.texts.contains($0.value) ?? false }
        for role in Self.roles {
            let giving = matching.filter { $0.role == role }
            guard !giving.isEmpty else { continue }
            // Whose a device is decides about owners, not its group.
            if role == .owner || giving.contains(where: { $0.groups == nil }) {
                return Grant(role: role, scope: .everything)
            }
            return Grant(role: role, scope: .groups(giving.reduce(into: []) { $0.formUnion($1.groups ?? []) }))
        }
        guard self.isAnybodyOwner else { throw .nobody }
        return Grant(role: .owner, scope: .everything)
    }

    /// Whether a provider says that a claim is elsewhere: Entra ID does so (`_claim_names`, or `hasgroups`) for people with more
    /// groups than it puts into a token.
    private static func isLeftOut(_ claim: String, of claims: Claims) -> Bool {
        if claims.members["_claim_names"]?.members?[claim] != nil { return true }
        guard claim == "groups", let mark = claims.members["hasgroups"] else { return false }
        return mark == .flag(true) || mark == .text("true")
    }
}
