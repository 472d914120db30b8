import EscrowModel
import SignIn
import Testing

/// Who gets which role, by what a provider says of them.
struct RoleMappingTests {
    private static func rule(_ value: String, _ role: Role, _ groups: Set<String>? = nil) -> RoleMapping.Rule {
        RoleMapping.Rule(claim: "groups", value: value, role: role, groups: groups)
    }

    private static func claims(_ groups: String...) -> Claims {
        Claims(["sub": .text("1"), "groups": .list(groups.map { .text($0) })])
    }

    /// One rule for each role, by the role's own word.
    private static let all = RoleMapping(rules: RoleMapping.roles.map { Self.rule($0.rawValue, $0) })

    @Test("of every set of roles somebody gets the most powerful one")
    func mostPowerful() throws {
        let roles = RoleMapping.roles
        for bits in 0..<(1 << roles.count) {
            let held = roles.indices.filter { bits & (1 << $0) != 0 }.map { roles[$0] }
            let claims = Claims(["groups": .list(held.reversed().map { .text($0.rawValue) })])
            guard let first = held.first else {
                #expect(throws: RoleMapping.Refusal.nobody) { try Self.all.grant(claims) }
                continue
            }
            #expect(try Self.all.grant(claims) == RoleMapping.Grant(role: first, scope: .everything))
        }
    }

    @Test("a role holds in the groups of all rules that give it, and in no group of a weaker one")
    func scopes() throws {
        let mapping = RoleMapping(rules: [
            Self.rule("a", .helpdesk, ["berlin"]), Self.rule("b", .helpdesk, ["bonn", "kiel"]),
            Self.rule("c", .helpdesk), Self.rule("d", .reader), Self.rule("e", .administrator, ["kiel"]),
        ])
        let cases: [(Claims, Role, Scope)] = [
            (Self.claims("a"), .helpdesk, .groups(["berlin"])),
            (Self.claims("a", "b"), .helpdesk, .groups(["berlin", "bonn", "kiel"])),
            (Self.claims("a", "b", "c"), .helpdesk, .everything),
            (Self.claims("a", "d"), .helpdesk, .groups(["berlin"])),
            (Self.claims("a", "c", "e"), .administrator, .groups(["kiel"])),
            (Self.claims("d"), .reader, .everything),
        ]
        for (claims, role, scope) in cases {
            #expect(try mapping.grant(claims) == RoleMapping.Grant(role: role, scope: scope))
        }
    }

    @Test("an owner's scope is their own devices, whatever a rule says of groups")
    func owner() throws {
        let mapping = RoleMapping(rules: [Self.rule("all", .owner, ["berlin"])])
        #expect(try mapping.grant(Self.claims("all")) == RoleMapping.Grant(role: .owner, scope: .everything))
    }

    @Test("a value is compared to the letter, and as a whole")
    func values() {
        for value in ["Administrator", "administrators", "admin", "administrator ", "", "*", "administrator,reader"] {
            #expect(throws: RoleMapping.Refusal.nobody) { try Self.all.grant(Self.claims(value)) }
        }
    }

    @Test("a claim may be a text or a list, at the top or on a path, and nothing else counts")
    func shapes() throws {
        let mapping = RoleMapping(rules: [
            RoleMapping.Rule(claim: "realm_access.roles", value: "sk", role: .helpdesk),
            RoleMapping.Rule(claim: "https://example.com/roles", value: "sk", role: .auditor),
        ])
        let path = Claims(["realm_access": .object(["roles": .list([.text("x"), .text("sk")])])])
        #expect(try mapping.grant(path).role == .helpdesk)
        #expect(try mapping.grant(Claims(["https://example.com/roles": .text("sk")])).role == .auditor)
        #expect(try mapping.grant(Claims(["realm_access.roles": .text("sk")])).role == .helpdesk)
        let others: [ClaimValue] = [
            .null, .flag(true), .number(1), .text("sk"), .list([.object(["roles": .text("sk")])]),
            .object(["roles": .object(["sk": .flag(true)])]), .object(["roles": .list([.list([.text("sk")])])]),
            .object(["role": .text("sk")]),
        ]
        for value in others {
            #expect(throws: RoleMapping.Refusal.nobody) { try mapping.grant(Claims(["realm_access": value])) }
        }
    }

    @Test("whom no rule names is nobody, or an owner where that is wanted")
    func anybody() throws {
        #expect(throws: RoleMapping.Refusal.nobody) { try RoleMapping().grant(Self.claims("x")) }
        let mapping = RoleMapping(rules: [Self.rule("a", .helpdesk)], isAnybodyOwner: true)
        #expect(try mapping.grant(Self.claims("x")) == RoleMapping.Grant(role: .owner, scope: .everything))
        #expect(try mapping.grant(Self.claims("a")).role == .helpdesk)
    }

    @Test("when the provider left the groups out, nobody gets a lesser role for it")
    func overage() throws {
        let mapping = RoleMapping(rules: [Self.rule("a", .helpdesk)], isAnybodyOwner: true)
        let entra = Claims(["_claim_names": .object(["groups": .text("src1")])])
        #expect(throws: RoleMapping.Refusal.overage(claim: "groups")) { try mapping.grant(entra) }
        #expect(throws: RoleMapping.Refusal.overage(claim: "groups")) {
            try mapping.grant(Claims(["hasgroups": .text("true")]))
        }
        let roles = RoleMapping(rules: [RoleMapping.Rule(claim: "roles", value: "sk", role: .reader)])
        var both = entra
        both.members["roles"] = .list([.text("sk")])
        #expect(try roles.grant(both).role == .reader, "groups do not matter to a mapping of roles")
    }
}

/// Who it is, by what a provider says of them.
struct ProviderPersonTests {
    private func person(_ claims: [String: ClaimValue], _ userNameClaim: String = "preferred_username")
        -> ProviderPerson?
    {
        var settings = OpenIDSettings(
            issuer: TestProvider.issuer,
            clientID: "sparekey",
            publicURL: "https://keys.example"
        )
        settings.userNameClaim = userNameClaim
        return ProviderPerson(Claims(claims.merging(["sub": .text("4711")]) { given, _ in given }), settings: settings)
    }

    @Test("a person is their subject; name and user name are said of them")
    func names() {
        let kim = self.person(["name": .text("Kim"), "preferred_username": .text("kim@example.com")])
        #expect(kim?.subject == "4711" && kim?.name == "Kim" && kim?.userName == "kim@example.com")
        #expect(self.person([:])?.name == "4711")
        #expect(self.person([:])?.userName == nil)
        #expect(self.person(["name": .text("K\u{7}m"), "preferred_username": .text("kim")])?.name == "kim")
        #expect(self.person(["upn": .text("kim@corp")], "upn")?.userName == "kim@corp")
    }

    @Test("an email address that nobody has checked is no user name")
    func email() {
        let address = ClaimValue.text("boss@example.com")
        #expect(self.person(["email": address], "email")?.userName == "boss@example.com")
        #expect(
            self.person(["email": address, "email_verified": .flag(true)], "email")?.userName == "boss@example.com"
        )
        #expect(self.person(["email": address, "email_verified": .flag(false)], "email")?.userName == nil)
        #expect(self.person(["email": address, "email_verified": .text("false")], "email")?.userName == nil)
    }

    @Test("how and when they signed in is kept; a sign-in of unknown age counts as old")
    func authentication() {
        let said = self.person([
            "auth_time": .number(1_800_000_000), "amr": .list([.text("pwd"), .text("mfa"), .text("a b")]),
            "acr": .text("phr"), "sid": .text("s-1"),
        ])
        #expect(said?.authentication.time == Timestamp(seconds: 1_800_000_000))
        #expect(said?.authentication.methods == ["mfa", "pwd"])
        #expect(said?.authentication.context == "phr" && said?.session == "s-1")
        #expect(self.person([:])?.authentication.time == Timestamp(milliseconds: 0))
    }
}
