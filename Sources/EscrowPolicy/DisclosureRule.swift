package import EscrowModel

/// A condition of disclosures, as a person wrote it. It can take away and never give: the role matrix has allowed the
/// disclosure already.
package struct DisclosureRule: Equatable, Sendable {
    /// Which disclosures a rule is about. What is nil holds for any.
    package struct Scope: Equatable, Sendable {
        /// Of devices of these groups.
        package var groups: Set<String>?
        /// To callers with these roles.
        package var roles: Set<Role>?
        /// To callers whose principal or name fits one of these.
        package var callers: [Glob]?

        /// Makes a scope from its parts.
        package init(groups: Set<String>? = nil, roles: Set<Role>? = nil, callers: [Glob]? = nil) {
            self.groups = groups
            self.roles = roles
            self.callers = callers
        }

        /// Whether a disclosure is one of these.
        package func includes(_ request: DisclosureRequest) -> Bool {
            self.includes(Approval.Party(request.caller), group: request.group)
        }

        /// Whether disclosures to somebody, of devices of a group, are among these.
        package func includes(_ party: Approval.Party, group: String) -> Bool {
            (self.groups?.contains(group) ?? true) && (self.roles?.contains(party.role) ?? true)
                && (self.callers?.contains { $0.matches(party.principal) || $0.matches(party.name) } ?? true)
        }
    }

    /// Whether a ticket must be named, and what it must look like.
    package struct Ticket: Equatable, Sendable {
        /// Whether there must be one.
        package var isRequired: Bool
        /// What one must look like, if there is one.
        package var pattern: TicketPattern?

        /// Makes it from its parts.
        package init(isRequired: Bool, pattern: TicketPattern? = nil) {
            self.isRequired = isRequired
            self.pattern = pattern
        }
    }

    /// How many disclosures may be made in an hour and in a day.
    package struct Windows: Equatable, Sendable {
        /// In any 60 minutes.
        package var hour: Int?
        /// In any 24 hours.
        package var day: Int?

        /// Makes it from its parts.
        package init(hour: Int? = nil, day: Int? = nil) {
            self.hour = hour
            self.day = day
        }
    }

    /// From where a request may come.
    package enum Network: Hashable, Sendable {
        /// From the server's own console.
        case local
        /// From an address.
        case network(IPNetwork)

        /// Whether a source is one of these. An address that cannot be read is nowhere.
        package func contains(_ source: Source) -> Bool {
            switch self {
            case .local: source.address == "local"
            case .network(let network): IPAddress(source.address).map { network.contains($0) } ?? false
            }
        }
    }

    /// How long a disclosed key may live.
    package enum Replacement: Hashable, Sendable {
        case after(TimeSpan)
        /// This rule does not ask for it. Others, and the server's setting, still can.
        case never
    }

    /// What it is called, in records and reviews.
    package var name: String
    /// Which disclosures it is about.
    package var scope = Scope()
    /// The reasons that are accepted; any when nil.
    package var reasons: Set<DisclosureReason.Code>?
    /// What is asked of the ticket.
    package var ticket: Ticket?
    /// A second person's approval, if one is needed.
    package var approval: ApprovalRequirement?
    /// How many disclosures a single caller may have within the scope.
    package var perCaller = Windows()
    /// How many disclosures all callers together may have within the scope.
    package var perScope = Windows()
    /// At how many hundredths of a limit somebody is told, 1 to 100.
    package var alarmPercentage: Int?
    /// When; at any time when nil.
    package var hours: AllowedHours?
    /// From where; from anywhere when nil.
    package var networks: [Network]?
    /// How long ago the caller may have signed in; nil: how they are known does not matter. API tokens never sign in.
    package var reauthentication: TimeSpan?
    /// Whether owners may disclose the keys of their own devices.
    package var isSelfServiceAllowed = true
    /// How long a disclosed key may live.
    package var replacement: Replacement?

    /// Makes a rule that asks for nothing.
    package init(name: String) { self.name = name }

    /// The limits, as they are counted.
    package var limits: [DisclosureLimit] {
        var limits: [DisclosureLimit] = []
        for (subject, windows) in [(DisclosureLimit.Subject.caller, self.perCaller), (.scope, self.perScope)] {
            for (window, maximum) in [(DisclosureLimit.Window.hour, windows.hour), (.day, windows.day)] {
                guard let maximum else { continue }
                limits.append(
                    DisclosureLimit(
                        rule: self.name,
                        subject: subject,
                        window: window,
                        maximum: maximum,
                        alarmPercentage: self.alarmPercentage
                    )
                )
            }
        }
        return limits
    }

    /// What this rule has against a request that it is about, limits aside.
    func refusals(of request: DisclosureRequest) -> [DisclosureRefusal] {
        var refusals: [DisclosureRefusal] = []
        if !self.isSelfServiceAllowed, request.caller.role == .owner { refusals.append(.notAllowed(.selfServiceOff)) }
        if let networks = self.networks, !networks.contains(where: { $0.contains(request.caller.source) }) {
            refusals.append(.notAllowed(.otherNetwork))
        }
        if let hours = self.hours, !hours.contain(request.now) { refusals.append(.notAllowed(.outsideHours)) }
        if let age = self.reauthentication {
            let isFresh = request.signedInAt.map { $0 <= request.now && request.now < $0 + age } ?? false
            if !isFresh { refusals.append(.notAllowed(.signInTooOld)) }
        }
        if let reasons = self.reasons, !reasons.contains(request.reason.code) {
            refusals.append(.reasonNotAllowed(allowed: reasons))
        }
        if let ticket = self.ticket {
            if let sent = request.reason.ticket {
                if let pattern = ticket.pattern, !pattern.matches(sent) { refusals.append(.ticketMismatch(pattern)) }
            } else if ticket.isRequired {
                refusals.append(.ticketMissing(ticket.pattern))
            }
        }
        if let approval = self.approval, !request.isApprovalWaived,
            !approval.isMet(by: request.approval, at: request.now)
        {
            refusals.append(.approvalRequired(approval))
        }
        return refusals
    }
}
