import EscrowModel
import Testing

@Suite("Disclosure reason")
struct DisclosureReasonTests {
    @Test("a ticket is what ticket systems write", arguments: ["INC0012345", "ABC-1", "#7", "ops/2026:4", "a_b.c"])
    func ticket(text: String) throws {
        #expect(try DisclosureReason(code: .firmwareUpdate, ticket: text, comment: nil).ticket == text)
    }

    @Test(
        "a ticket of anything else is refused by name",
        arguments: ["", "a b", "ü", "x\n", String(repeating: "1", count: 65)]
    )
    func badTicket(text: String) {
        #expect(throws: EscrowError.invalid(field: "ticket", problem: "must be 1 to 64 letters, digits or - _ . # / :"))
        {
            try DisclosureReason(code: .firmwareUpdate, ticket: text, comment: nil)
        }
    }

    @Test("other needs a comment")
    func other() throws {
        #expect(throws: EscrowError.invalid(field: "comment", problem: "is needed when the reason is \"other\"")) {
            try DisclosureReason(code: .other, ticket: nil, comment: nil)
        }
        #expect(try DisclosureReason(code: .other, ticket: nil, comment: "lost dock").comment == "lost dock")
    }

    @Test(
        "a comment has no control characters and an end",
        arguments: ["", "a\u{7}b", String(repeating: "x", count: 201)]
    )
    func badComment(text: String) {
        #expect(throws: EscrowError.self) {
            try DisclosureReason(code: .test, ticket: nil, comment: text)
        }
    }
}
