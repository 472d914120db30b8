package import EscrowModel

/// Body of `PUT /api/devices/{deviceId}/group`.
package struct MoveDeviceRequest: Codable, Equatable, Sendable {
    /// The group that the device is assigned to; absent or null: the rules and its enrolment token decide.
    package var group: String?

    /// Makes a request from its parts.
    package init(group: String?) { self.group = group }
}

/// Answer of `GET /api/policy`.
package struct PolicyAnswer: Codable, Equatable, Sendable {
    /// The first 12 hexadecimal digits of the file's SHA-256; `none` without a file.
    package var digest: String
    /// The file's text; absent without a file.
    package var content: String?

    /// Makes an answer from its parts.
    package init(digest: String, content: String?) {
        self.digest = digest
        self.content = content
    }
}

/// Answer of `GET /api/policy/explain`: what would come of a disclosure, and why.
package struct PolicyExplanation: Codable, Equatable, Sendable {
    /// What one disclosure rule says.
    package struct RuleFinding: Codable, Equatable, Sendable {
        /// The rule's name.
        package var rule: String
        /// Whether it is about this disclosure.
        package var inScope: Bool
        /// What it has against it, a word each.
        package var refusals: [String]

        /// Makes a finding from its parts.
        package init(rule: String, inScope: Bool, refusals: [String]) {
            self.rule = rule
            self.inScope = inScope
            self.refusals = refusals
        }
    }

    /// What is left of a limit.
    package struct LimitUse: Codable, Equatable, Sendable {
        /// The rule that sets it.
        package var rule: String
        /// `caller` or `scope`.
        package var subject: String
        /// `hour` or `day`.
        package var window: String
        /// How many there were.
        package var used: Int
        /// How many there may be.
        package var maximum: Int

        /// Makes it from its parts.
        package init(rule: String, subject: String, window: String, used: Int, maximum: Int) {
            self.rule = rule
            self.subject = subject
            self.window = window
            self.used = used
            self.maximum = maximum
        }
    }

    /// Whether the disclosure would be made.
    package var allowed: Bool
    /// The policy file that says so.
    package var policy: String
    /// The caller, in the audit log's form.
    package var caller: String
    /// The caller's role.
    package var role: Role
    /// The device's group.
    package var group: String
    /// The rule of the role matrix.
    package var matrixRule: String
    /// Whether the role matrix allows it; when it does not, no disclosure rule is asked.
    package var matrixAllows: Bool
    /// What each disclosure rule says, in the order of the file.
    package var rules: [RuleFinding]
    /// The limits that it would count towards.
    package var limits: [LimitUse]
    /// Who would have to approve it, by role; absent when nobody.
    package var approvalBy: [Role]?
    /// After how many seconds the disclosed key must be replaced; absent when it need not be.
    package var replacedAfterSeconds: Int?

    /// Begins an explanation with what the role matrix says.
    package init(
        allowed: Bool,
        policy: String,
        caller: String,
        role: Role,
        group: String,
        matrixRule: String,
        matrixAllows: Bool
    ) {
        self.allowed = allowed
        self.policy = policy
        self.caller = caller
        self.role = role
        self.group = group
        self.matrixRule = matrixRule
        self.matrixAllows = matrixAllows
        self.rules = []
        self.limits = []
    }
}
