package import EscrowModel

/// Puts devices into a group by what they say of themselves.
package struct GroupRule: Equatable, Sendable {
    /// What a condition is about.
    package enum Fact: String, CaseIterable, Sendable {
        case owner
        case name
        case serial
        case operatingSystem
        /// The group of the enrolment token.
        case enrolledInto
    }

    /// The group.
    package let group: String
    /// What must hold, all of it; of each list, one pattern must fit. A device that does not say a fact does not fit it.
    package let conditions: [Fact: [Glob]]

    /// Makes a rule from its parts.
    package init(group: String, conditions: [Fact: [Glob]]) {
        self.group = group
        self.conditions = conditions
    }

    /// Whether a device belongs here.
    package func matches(_ facts: DeviceFacts, enrolledInto: String) -> Bool {
        self.conditions.allSatisfy { fact, patterns in
            let value: String? =
                switch fact {
                case .owner: facts.owner
                case .name: facts.name
                case .serial: facts.serial
                case .operatingSystem: facts.operatingSystem
                case .enrolledInto: enrolledInto
                }
            guard let value else { return false }
            return patterns.contains { $0.matches(value) }
        }
    }

    /// Whether surely every device that another rule takes is one that this rule takes.
    package func covers(_ other: GroupRule) -> Bool {
        self.conditions.allSatisfy { fact, patterns in
            guard let others = other.conditions[fact] else { return false }
            return others.allSatisfy { narrow in patterns.contains { $0.covers(narrow) } }
        }
    }
}
