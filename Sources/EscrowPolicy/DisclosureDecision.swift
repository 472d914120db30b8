package import EscrowModel

/// What a rule has against a disclosure.
package enum DisclosureRefusal: Equatable, Sendable {
    /// What no other request would help against. The caller is told of none but that they can sign in again.
    package enum Ground: String, CaseIterable, Sendable {
        case selfServiceOff
        case otherNetwork
        case outsideHours
        case signInTooOld
    }

    /// It is not allowed now, from here, or to this caller.
    case notAllowed(Ground)
    /// The reason is not one of those that are accepted.
    case reasonNotAllowed(allowed: Set<DisclosureReason.Code>)
    /// A ticket must be named, of this form if there is one.
    case ticketMissing(TicketPattern?)
    /// The ticket must be of this form.
    case ticketMismatch(TicketPattern)
    /// So many were made already; the next is possible at this time.
    case limitReached(DisclosureLimit, until: Timestamp)
    /// A second person must approve it first.
    case approvalRequired(ApprovalRequirement)

    /// One word, for records.
    package var word: String {
        switch self {
        case .notAllowed(let ground): ground.rawValue
        case .reasonNotAllowed: "reasonNotAllowed"
        case .ticketMissing: "ticketMissing"
        case .ticketMismatch: "ticketMismatch"
        case .limitReached: "limitReached"
        case .approvalRequired: "approvalRequired"
        }
    }

    /// The strictest comes first: what nothing helps against, then what the caller can mend, by the effort that it takes.
    var rank: Int {
        switch self {
        case .notAllowed(.selfServiceOff), .notAllowed(.otherNetwork), .notAllowed(.outsideHours): 0
        case .notAllowed(.signInTooOld): 1
        case .reasonNotAllowed: 2
        case .ticketMissing: 3
        case .ticketMismatch: 4
        case .limitReached: 5
        case .approvalRequired: 6
        }
    }
}

/// What one rule says of a disclosure.
package struct RuleFinding: Equatable, Sendable {
    /// The rule.
    package let rule: String
    /// Whether the disclosure is one that it is about.
    package let isInScope: Bool
    /// What it has against it; nothing when empty.
    package let refusals: [DisclosureRefusal]

    /// Makes it from its parts.
    package init(rule: String, isInScope: Bool, refusals: [DisclosureRefusal]) {
        self.rule = rule
        self.isInScope = isInScope
        self.refusals = refusals
    }
}

/// What all rules together say of a disclosure. The order in which they stand in the file does not matter.
package struct DisclosureDecision: Equatable, Sendable {
    /// A refusal, with the rules that it comes from.
    package struct Refused: Equatable, Sendable {
        /// What the caller is to be told first.
        package let refusal: DisclosureRefusal
        /// Every rule that refuses, in the order of their names.
        package let rules: [String]
    }

    /// Why not; nil when it is allowed.
    package let refused: Refused?
    /// What each rule said, in the order of the file.
    package let findings: [RuleFinding]
    /// The approval that all rules together ask for, met or not.
    package let approval: ApprovalRequirement?
    /// The limits that the disclosure counts towards, and how much of each was used before.
    package let limits: [(limit: DisclosureLimit, usage: LimitUsage)]
    /// After which time the disclosed key must be replaced; nil when no rule says so.
    package let replaceAfter: TimeSpan?

    /// Whether it is allowed.
    package var isAllowed: Bool { self.refused == nil }

    /// The same decision, findings in the same order.
    package static func == (left: DisclosureDecision, right: DisclosureDecision) -> Bool {
        left.refused == right.refused && left.findings == right.findings && left.approval == right.approval
            && left.replaceAfter == right.replaceAfter && left.limits.map(\.limit) == right.limits.map(\.limit)
            && left.limits.map(\.usage) == right.limits.map(\.usage)
    }
}
