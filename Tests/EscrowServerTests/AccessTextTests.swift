import EscrowModel
import EscrowPolicy
import EscrowServer
import Testing

/// That every word of the policy can be said to people.
struct AccessTextTests {
    private func expect(_ keys: [String]) {
        for language in Language.allCases {
            let texts = Catalogue().texts(language)
            for key in keys { #expect(texts[key] != nil, "\(key) in \(language)") }
        }
    }

    private func key(_ prefix: String, _ word: String) -> String {
        prefix + word.prefix(1).uppercased() + word.dropFirst()
    }

    @Test("every action is in words, in both languages")
    func actions() { self.expect(Action.allCases.map { self.key("may", $0.rawValue) }) }

    @Test("every role has a name in both languages, and those that are given to people say what they are for")
    func roles() {
        self.expect(Role.allCases.map { self.key("role", $0.rawValue) })
        self.expect(Role.assignable.map { self.key("role", $0.rawValue) + "Hint" })
    }

    @Test("every reason, refusal, fact of groups and state of an account is in words, in both languages")
    func words() {
        self.expect(DisclosureReason.Code.allCases.map { self.key("reasonCode", $0.rawValue) })
        self.expect(DisclosureRefusal.Ground.allCases.map { self.key("refused", $0.rawValue) })
        self.expect(GroupRule.Fact.allCases.map { self.key("fact", $0.rawValue) })
        self.expect(Account.State.allCases.map { self.key("account", $0.rawValue) })
    }
}
