/// A pattern that a ticket must fit, in the part of regular expressions that everybody can read: characters, `.`,
/// `[A-Z0-9]`, `\d`, `(a|b)`, `?`, `*`, `+`, `{7}`, `{2,4}`; from `^` to `$`.
///
/// It is matched by following all ways at once, so that no pattern and no ticket can take longer than the product of their
/// lengths: what a person writes here cannot stop the server.
package struct TicketPattern: Hashable, Sendable {
    /// Why a text is not a pattern.
    package struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
        /// What it must be instead.
        package let description: String
    }

    /// The pattern as it was written.
    package let text: String
    private let program: [TicketProgram.Step]

    /// Reads a pattern.
    package init(_ text: String) throws(Problem) {
        guard text.utf8.count <= 200, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw Problem(description: "must be at most 200 ASCII characters")
        }
        guard text.hasPrefix("^"), text.hasSuffix("$"), text.utf8.count >= 2 else {
            throw Problem(description: "must begin with ^ and end with $: it is about the whole ticket")
        }
        var parser = TicketPatternParser(Array(text.utf8.dropFirst().dropLast()))
        let expression = try parser.expression()
        self.text = text
        self.program = try TicketProgram.steps(of: expression)
    }

    /// Whether a whole ticket fits.
    package func matches(_ ticket: String) -> Bool { TicketProgram.run(self.program, on: ticket.utf8) }
}

/// A set of ASCII characters.
struct ASCIISet: Hashable, Sendable {
    private var bits: (UInt64, UInt64) = (0, 0)

    init(_ characters: ClosedRange<UInt8>...) {
        for range in characters { self.insert(range) }
    }

    mutating func insert(_ range: ClosedRange<UInt8>) {
        for character in range where character < 128 {
            if character < 64 {
                self.bits.0 |= 1 << UInt64(character)
            } else {
                self.bits.1 |= 1 << UInt64(character - 64)
            }
        }
    }

    var inverted: ASCIISet {
        var set = self
        set.bits = (~self.bits.0, ~self.bits.1)
        return set
    }

    func contains(_ character: UInt8) -> Bool {
        switch character {
        case 0..<64: self.bits.0 & 1 << UInt64(character) != 0
        case 64..<128: self.bits.1 & 1 << UInt64(character - 64) != 0
        default: false
        }
    }

    static func == (left: ASCIISet, right: ASCIISet) -> Bool { left.bits == right.bits }

    func hash(into hasher: inout Hasher) {
        hasher.combine(self.bits.0)
        hasher.combine(self.bits.1)
    }
}
