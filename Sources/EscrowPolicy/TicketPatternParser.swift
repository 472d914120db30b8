/// What a ticket pattern says.
indirect enum TicketExpression: Sendable {
    case character(ASCIISet)
    case sequence([TicketExpression])
    case choice([TicketExpression])
    case repeated(TicketExpression, ClosedRange<Int>)
    /// So often at least.
    case repeatedFrom(TicketExpression, Int)
}

/// Reads a ticket pattern without its `^` and `$`.
struct TicketPatternParser {
    private let bytes: [UInt8]
    private var at = 0
    private var depth = 0

    /// A ticket has 64 characters at most.
    private static let mostRepetitions = 64

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The whole pattern.
    mutating func expression() throws(TicketPattern.Problem) -> TicketExpression {
        let expression = try self.choice()
        guard self.at == self.bytes.count else { throw Self.problem("has a ) that nothing opens") }
        return expression
    }

    private mutating func choice() throws(TicketPattern.Problem) -> TicketExpression {
        var choices = [try self.sequence()]
        while self.take("|") { choices.append(try self.sequence()) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func sequence() throws(TicketPattern.Problem) -> TicketExpression {
        var parts: [TicketExpression] = []
        while let next = self.next, next != UInt8(ascii: "|"), next != UInt8(ascii: ")") {
            parts.append(try self.repetition(of: try self.atom()))
        }
        // What is empty can be repeated without end.
        guard !parts.isEmpty else { throw Self.problem("has an empty part") }
        return .sequence(parts)
    }

    private mutating func repetition(
        of atom: TicketExpression
    ) throws(TicketPattern.Problem) -> TicketExpression {
        let repeated: TicketExpression
        if self.take("?") {
            repeated = .repeated(atom, 0...1)
        } else if self.take("*") {
            repeated = .repeatedFrom(atom, 0)
        } else if self.take("+") {
            repeated = .repeatedFrom(atom, 1)
        } else if self.take("{") {
            repeated = try self.counted(atom)
        } else {
            return atom
        }
        if let next = self.next, "?*+{".utf8.contains(next) { throw Self.problem("repeats what is repeated already") }
        return repeated
    }

    private mutating func counted(_ atom: TicketExpression) throws(TicketPattern.Problem) -> TicketExpression {
        let least = try self.number()
        if self.take("}") { return .repeated(atom, least...least) }
        guard self.take(",") else { throw Self.problem("has a { without a }") }
        if self.take("}") { return .repeatedFrom(atom, least) }
        let most = try self.number()
        guard self.take("}"), least <= most else { throw Self.problem("has a { } that is none, such as {2,4}") }
        return .repeated(atom, least...most)
    }

    private mutating func atom() throws(TicketPattern.Problem) -> TicketExpression {
        guard let byte = self.next else { throw Self.problem("ends too early") }
        self.at += 1
        switch byte {
        case UInt8(ascii: "("):
            self.depth += 1
            guard self.depth <= 8 else { throw Self.problem("has too many ( in one another") }
            let inner = try self.choice()
            guard self.take(")") else { throw Self.problem("has a ( that nothing closes") }
            self.depth -= 1
            return inner
        case UInt8(ascii: "["): return .character(try self.set())
        case UInt8(ascii: "."): return .character(ASCIISet(0x20...0x7E))
        case UInt8(ascii: "\\"): return .character(try self.escaped())
        case UInt8(ascii: "?"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "{"), UInt8(ascii: "}"),
            UInt8(ascii: "]"), UInt8(ascii: "^"), UInt8(ascii: "$"):
            throw Self.problem("has a \(Character(Unicode.Scalar(byte))) where none can stand; write \\ before it")
        default: return .character(ASCIISet(byte...byte))
        }
    }

    private mutating func escaped() throws(TicketPattern.Problem) -> ASCIISet {
        guard let byte = self.next else { throw Self.problem("ends with a \\") }
        self.at += 1
        switch byte {
        case UInt8(ascii: "d"): return ASCIISet(0x30...0x39)
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            throw Self.problem("has a \\ that is not supported; there is \\d, and \\ before a sign")
        default: return ASCIISet(byte...byte)
        }
    }

    private mutating func set() throws(TicketPattern.Problem) -> ASCIISet {
        let isInverted = self.take("^")
        var set = ASCIISet()
        var isEmpty = true
        while let byte = self.next, byte != UInt8(ascii: "]") {
            isEmpty = false
            self.at += 1
            if byte == UInt8(ascii: "\\") {
                let escaped = try self.escaped()
                for character in UInt8(0)..<128 where escaped.contains(character) { set.insert(character...character) }
                continue
            }
            guard byte != UInt8(ascii: "[") else { throw Self.problem("has a [ within a [ ]; write \\ before it") }
            let isRange = self.next == UInt8(ascii: "-") && self.at + 1 < self.bytes.count
            if isRange, self.bytes[self.at + 1] != UInt8(ascii: "]") {
                let last = self.bytes[self.at + 1]
                guard byte <= last, last != UInt8(ascii: "\\"), last != UInt8(ascii: "[") else {
                    throw Self.problem("has a range that is none")
                }
                self.at += 2
                set.insert(byte...last)
            } else {
                set.insert(byte...byte)
            }
        }
        guard self.take("]"), !isEmpty else { throw Self.problem("has a [ ] that is empty or that nothing closes") }
        return isInverted ? set.inverted : set
    }

    private mutating func number() throws(TicketPattern.Problem) -> Int {
        let start = self.at
        while let byte = self.next, (0x30...0x39).contains(byte), self.at - start < 2 { self.at += 1 }
        guard let number = Int(String(decoding: self.bytes[start..<self.at], as: UTF8.self)),
            number <= Self.mostRepetitions
        else { throw Self.problem("must repeat things 0 to \(Self.mostRepetitions) times") }
        return number
    }

    private var next: UInt8? { self.at < self.bytes.count ? self.bytes[self.at] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.next == UInt8(ascii: character) else { return false }
        self.at += 1
        return true
    }

    private static func problem(_ text: String) -> TicketPattern.Problem { TicketPattern.Problem(description: text) }
}
