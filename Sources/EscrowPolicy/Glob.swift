/// A pattern for names: `*` is any number of characters, `?` is one, all else stands for itself in either case.
package struct Glob: Hashable, Sendable {
    /// The pattern as it was written.
    package let text: String
    private let characters: [Character]

    /// Takes a pattern. There is none that is malformed.
    package init(_ text: String) {
        self.text = text
        self.characters = Array(text.lowercased())
    }

    /// Whether a whole text fits. Takes the product of both lengths at most, whatever the pattern.
    package func matches(_ text: String) -> Bool {
        self.covers(Array(text.lowercased()), wildcardsCount: false)
    }

    /// Whether surely every text that fits another pattern fits this one too.
    package func covers(_ other: Glob) -> Bool { self.covers(other.characters, wildcardsCount: true) }

    /// - Parameter wildcardsCount: whether the text is a pattern, whose `*` only a `*` can stand for.
    private func covers(_ text: [Character], wildcardsCount: Bool) -> Bool {
        var (at, in0) = (0, 0)
        // Where to go on when what follows the last `*` does not fit: the `*` takes one character more.
        var retry: (pattern: Int, text: Int)?
        while in0 < text.count {
            let isStar = wildcardsCount && text[in0] == "*"
            if at < self.characters.count, self.characters[at] == "*" {
                retry = (at, in0)
                at += 1
            } else if at < self.characters.count, !isStar,
                self.characters[at] == "?" || self.characters[at] == text[in0]
            {
                at += 1
                in0 += 1
            } else if let last = retry {
                at = last.pattern + 1
                in0 = last.text + 1
                retry = (last.pattern, in0)
            } else {
                return false
            }
        }
        return self.characters[at...].allSatisfy { $0 == "*" }
    }
}
