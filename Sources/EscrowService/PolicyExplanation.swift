package import BitLocker
package import EscrowModel
package import EscrowPolicy
import EscrowStore

/// A disclosure that nobody asks for: what would come of it.
package struct SupposedDisclosure: Sendable {
    /// Whose it would be: an API token's ID or name, `operator:NAME`, `account:USERNAME`, or somebody with a role,
    /// `role:ROLE` or `role:ROLE:GROUP,GROUP`; `role:owner` is the device's owner. Whoever signs in has just done so.
    package var caller: String
    /// The device.
    package var device: GUID
    /// Why.
    package var reason: DisclosureReason
    /// When; now when nil.
    package var at: Timestamp?
    /// From where; from the address of whoever asks for the explanation when nil.
    package var address: String?

    /// Makes it from its parts.
    package init(caller: String, device: GUID, reason: DisclosureReason, at: Timestamp?, address: String?) {
        self.caller = caller
        self.device = device
        self.reason = reason
        self.at = at
        self.address = address
    }
}

/// What the role matrix and each disclosure rule say of a disclosure.
package struct ExplainedDisclosure: Sendable {
    /// Whose it would be.
    package let caller: Caller
    /// The device's group.
    package let group: String
    /// What the role matrix says.
    package let matrix: Decision
    /// What the disclosure rules say; nil when the role matrix refuses.
    package let rules: DisclosureDecision?
    /// The policy file that says so.
    package let policy: String
    /// The server's own setting for replacing disclosed keys, or a rule's, whichever is sooner.
    package let replaceAfter: TimeSpan?
}

extension EscrowService {
    /// The policy file in force, for those who may read it.
    package func policy(by caller: Caller) async throws(EscrowError) -> PolicyDocument {
        try await self.require(.readPolicy, by: caller, on: .scope)
        return self.rules.current
    }

    /// Tells what would come of a disclosure, and why. Nothing is disclosed, counted or used up.
    package func explain(
        _ supposed: SupposedDisclosure,
        by caller: Caller
    ) async throws(EscrowError) -> ExplainedDisclosure {
        let device = try await self.snapshot { (reader) throws(StoreError) in try reader.device(supposed.device) }
        guard let device else { throw .notFound }
        try await self.require(
            .readPolicy,
            by: caller,
            on: .device(device.id, group: device.group, owner: device.facts.owner)
        )
        if let address = supposed.address, address != "local", IPAddress(address) == nil {
            throw .invalid(field: "from", problem: "must be an IP address, or local for the server's own console")
        }
        let source = Source(address: supposed.address ?? caller.source.address)
        let subject = try await self.supposedCaller(supposed.caller, source, owner: device.facts.owner, at: supposed.at)
        let policy = self.rules.current
        let now = supposed.at ?? self.clock()
        let matrix = self.policy.decide(
            .revealKey,
            by: subject,
            on: .device(device.id, group: device.group, owner: device.facts.owner),
            at: now
        )
        var decision: DisclosureDecision?
        if matrix.isAllowed {
            decision = try await self.snapshot { (reader) throws(StoreError) -> DisclosureDecision in
                var request = DisclosureRequest(caller: subject, group: device.group, reason: supposed.reason, now: now)
                request.approval = try reader.keys(of: device).current.flatMap { (key) throws(StoreError) in
                    try reader.openApprovals(of: subject.principal, for: key)
                        .first { $0.state == .approved && $0.isOpen(at: now) && $0.reason == supposed.reason }
                        .flatMap { Self.given($0) }
                }
                return try policy.rules.evaluate(request) { (limit) throws(StoreError) in
                    try Self.usage(of: limit, by: subject, at: now, in: reader)
                }
            }
        }
        return ExplainedDisclosure(
            caller: subject,
            group: device.group,
            matrix: matrix,
            rules: decision,
            policy: policy.digest,
            replaceAfter: [self.settings.rotationDelayAfterDisclosure, decision?.replaceAfter].compactMap { $0 }.min()
        )
    }

    private func supposedCaller(
        _ text: String,
        _ source: Source,
        owner: String?,
        at time: Timestamp?
    ) async throws(EscrowError) -> Caller {
        let fresh = Authentication(time: time ?? self.clock(), methods: ["otp", "pwd"])
        if text.hasPrefix("account:") {
            let name = text.dropFirst("account:".count).lowercased()
            let account = try await self.snapshot { (reader) throws(StoreError) in try reader.account(userName: name) }
            guard let account, account.state != .disabled else {
                throw .invalid(field: "caller", problem: "must be the user name of an account that is not disabled")
            }
            return Self.caller(account, source, fresh)
        }
        if text.hasPrefix("role:") { return try Self.supposed(text, source, fresh, owner: owner) }
        if text.hasPrefix("operator:") {
            return Caller(
                identity: .localOperator(name: String(text.dropFirst("operator:".count))),
                role: .administrator,
                scope: .everything,
                source: source
            )
        }
        let now = self.clock()
        let tokens = try await self.snapshot { (reader) throws(StoreError) in try reader.apiTokens() }
            .filter { $0.isValid(at: now) }
        let id = text.hasPrefix("client:") ? GUID(text.dropFirst("client:".count)) : GUID(text)
        let found = tokens.filter { id == nil ? $0.name == text : $0.id == id }
        guard let token = found.first else {
            throw .invalid(
                field: "caller",
                problem: "must be the ID or the name of an API token that is valid, operator:NAME, account:USERNAME "
                    + "or role:ROLE"
            )
        }
        guard found.count == 1 else {
            throw .invalid(field: "caller", problem: "is the name of \(found.count) tokens; give the ID of one")
        }
        return Caller(
            identity: .client(id: token.id, name: token.name),
            role: token.role,
            scope: token.scope,
            source: source
        )
    }

    /// Somebody with a role, who has no account: what would hold for whoever had one.
    private static func supposed(
        _ text: String,
        _ source: Source,
        _ authentication: Authentication,
        owner: String?
    ) throws(EscrowError) -> Caller {
        let parts = text.split(separator: ":", maxSplits: 2).map(String.init)
        guard parts.count >= 2, let role = Role(rawValue: parts[1]), role != .device, role != .system else {
            throw .invalid(field: "caller", problem: "must be role: with a role of people, such as role:helpdesk")
        }
        let groups = parts.count == 3 ? Set(parts[2].split(separator: ",").map(String.init)) : []
        let name = role == .owner ? owner ?? role.rawValue : role.rawValue
        return Caller(
            identity: .person(issuer: Account.issuer, subject: "supposed", name: name),
            role: role,
            scope: groups.isEmpty ? .everything : .groups(groups),
            source: source,
            userName: name,
            authentication: authentication
        )
    }
}
