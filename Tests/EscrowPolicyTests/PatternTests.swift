import EscrowPolicy
import Testing

@Suite("Patterns")
struct PatternTests {
    @Test(
        "a name fits a pattern as people expect",
        arguments: [
            ("*", "", true), ("*", "abc", true), ("", "", true), ("", "a", false), ("a*", "A", true),
            ("a?c", "abc", true), ("a?c", "ac", false), ("*a*b*", "xxaxxbxx", true), ("*a*b", "ab-", false),
            ("EXEC-*", "exec-7", true), ("*@board.example.com", "kim@board.example.com.evil", false),
            ("a**c", "abc", true), ("straße", "STRASSE", false),
        ]
    )
    func glob(pattern: String, text: String, fits: Bool) { #expect(Glob(pattern).matches(text) == fits) }

    @Test(
        "a pattern covers another only when it surely takes all that that takes",
        arguments: [
            ("*", "a*", true), ("a*", "*", false), ("a*", "ab*", true), ("?", "*", false), ("?", "?", true),
            ("*@x", "*@x", true), ("*@*", "a@b", true), ("a?", "a*", false), ("*b*", "a*b", true), ("a*", "a?", true),
        ]
    )
    func covers(wide: String, narrow: String, does: Bool) { #expect(Glob(wide).covers(Glob(narrow)) == does) }

    @Test("a hostile pattern costs no more than its length times the text's")
    func slowGlob() {
        let glob = Glob(String(repeating: "*a", count: 127) + "b")
        #expect(!glob.matches(String(repeating: "a", count: 255)))
    }

    @Test(
        "a ticket fits a pattern as a regular expression says",
        arguments: [
            ("^INC[0-9]{7}$", "INC0012345", true), ("^INC[0-9]{7}$", "INC001234", false),
            ("^INC[0-9]{7}$", "xINC0012345", false), ("^INC[0-9]{7}$", "INC00123456", false),
            ("^(INC|CHG)\\d+$", "CHG1", true), ("^(INC|CHG)\\d+$", "CHG", false), ("^(INC|CHG)\\d+$", "IN1", false),
            ("^a?b*c+$", "c", true), ("^a?b*c+$", "abbcc", true), ("^a?b*c+$", "aab", false),
            ("^[^0-9]$", "x", true), ("^[^0-9]$", "5", false), ("^[a-]$", "-", true),
            ("^[A-Za-z_-]{2,3}$", "a-_", true),
            ("^[A-Za-z_-]{2,3}$", "a", false), ("^a{2,}$", "aaaa", true), ("^a{2,}$", "a", false),
            ("^a{0}b$", "b", true),
            ("^\\$\\.$", "$.", true), ("^.{3}$", "äb", false), ("^(a|b|cd)(e|f)?$", "cdf", true),
            ("^(a|b|cd)(e|f)?$", "cd", true), ("^(a|b|cd)(e|f)?$", "c", false), ("^(a*)*b$", "aaab", true),
        ]
    )
    func ticket(pattern: String, ticket: String, fits: Bool) throws {
        #expect(try TicketPattern(pattern).matches(ticket) == fits)
    }

    @Test(
        "what is not such a pattern is refused",
        arguments: [
            "", "^", "a", "^a", "a$", "^$", "^a{65}$", "^a{3,2}$", "^a{$", "^a{,3}$", "^a**$", "^a{2}{2}$", "^(a$",
            "^a)$",
            "^()$", "^a||b$", "^[]$", "^[a$", "^[z-a]$", "^[[a]]$", "^\\w$", "^\\$", "^*$", "^(?=a)$", "^ä$", "^a^b$",
            "^((a{64}){64}){64}$", "^" + String(repeating: "a", count: 200) + "$", "^(((((((((a)))))))))$",
        ]
    )
    func notPatterns(text: String) { #expect(throws: TicketPattern.Problem.self) { try TicketPattern(text) } }

    @Test("no pattern makes the server wait: those that stop other engines take no time", .timeLimit(.minutes(1)))
    func slowTickets() throws {
        let ticket = String(repeating: "a", count: 64)
        for pattern in ["^(a*)*b$", "^(a|a)*b$", "^(a|aa)+b$", "^(((a?){30})(a?){30})b$", "^(.*)(.*)(.*)(.*)b$"] {
            for _ in 0..<100 { #expect(try !TicketPattern(pattern).matches(ticket)) }
        }
    }
}
