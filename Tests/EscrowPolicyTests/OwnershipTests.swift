import BitLocker
import EscrowModel
import EscrowPolicy
import Testing

@Suite("Whose a device is")
struct OwnershipTests {
    /// Names of one person as directories write them, and of others that look like them.
    static let names = [
        "kim", "kim@example.com", "EXAMPLE\\kim", "kim@example.org", "kim@example.com.evil.example", "akim", "kim ",
        " kim",
        "kim@", "\\kim", "kim\u{0}", "kım", "ki\u{301}m", "kím", "*", "k*", "%", "",
    ]

    static func person(_ userName: String?, _ role: Role = .owner) -> Caller {
        Caller(
            identity: .person(issuer: "https://id.example.com", subject: "7", name: "kim@example.com"),
            role: role,
            scope: .everything,
            source: Source(address: "192.0.2.1"),
            userName: userName
        )
    }

    @Test("it is whose whole name it names, in either case, and nobody else's", arguments: Self.names, Self.names)
    func matching(userName: String, owner: String) {
        let isOwn = !userName.isEmpty && Array(userName.utf8) == Array(owner.utf8)
        for (one, other) in [(userName, owner), (userName.uppercased(), owner), (userName, owner.uppercased())] {
            // The dotless i has no upper case of its own: what becomes of it is another name.
            guard Self.isSame(one, userName), Self.isSame(other, owner) else { continue }
            #expect(Self.person(one).owns(deviceOf: other) == isOwn, "\(one) and \(other)")
        }
    }

    private static func isSame(_ one: String, _ other: String) -> Bool {
        Array(one.lowercased().utf8) == Array(other.lowercased().utf8)
    }

    @Test("a name for people makes nobody an owner, and a device without an owner is nobody's", arguments: Self.names)
    func nameless(owner: String) {
        #expect(!Self.person(nil).owns(deviceOf: owner))
        #expect(!Self.person(owner).owns(deviceOf: nil))
    }

    @Test("only people own devices", arguments: Self.names)
    func others(name: String) {
        let identities: [Caller.Identity] = [
            .client(id: GUID(high: 1, low: 1), name: name), .device(GUID(high: 1, low: 1)), .localOperator(name: name),
            .breakGlass(setup: GUID(high: 1, low: 1)), .system(part: name),
        ]
        for identity in identities {
            let caller = Caller(
                identity: identity,
                role: .owner,
                scope: .everything,
                source: Source(address: "192.0.2.1"),
                userName: name
            )
            #expect(!caller.owns(deviceOf: name))
            #expect(caller.asOwner == nil)
        }
    }

    @Test("at their own device everybody is an owner and nothing else", arguments: Role.assignable, Action.allCases)
    func acting(role: Role, action: Action) throws {
        let owner = try #require(Self.person("kim@example.com", role).asOwner)
        #expect(owner.role == .owner && owner.scope == .groups([]))
        #expect(owner.principal == Self.person("kim@example.com", role).principal)
        let own = Policy.Subject.device(GUID(high: 1, low: 1), group: "berlin", owner: "Kim@Example.com")
        let decision = Policy().decide(action, by: owner, on: own, at: Timestamp(seconds: 0))
        #expect(decision.isAllowed == Policy.actions(of: .owner).contains(action))
        #expect(decision.isAllowed == (decision.rule == .ownDevice))
        for owner in [nil, "max@example.com"] {
            let other = Policy.Subject.device(GUID(high: 2, low: 2), group: "berlin", owner: owner)
            let caller = try #require(Self.person("kim@example.com", role).asOwner)
            guard
                case .denied(_, mayKnow: false) = Policy().decide(
                    action,
                    by: caller,
                    on: other,
                    at: Timestamp(seconds: 0)
                )
            else {
                Issue.record("\(role) may \(action) on somebody else's device, or know of it")
                continue
            }
        }
    }
}
