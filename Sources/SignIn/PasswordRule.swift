/// Which passwords people may choose, after NIST SP 800-63B: long ones that are not among the first that anybody tries.
/// What kinds of characters there are in them is nobody's business.
package enum PasswordRule {
    /// How many characters a password has at least. There is always a second factor.
    package static let minimum = 12
    /// How many bytes are read of one at most.
    package static let maximumBytes = 1024

    /// Why a password cannot be chosen.
    package enum Problem: String, Error, CaseIterable, Sendable {
        case tooShort
        case tooLong
        /// It is, or is made of, what everybody tries first.
        case common
        /// It has the user name or the product's name in it.
        case names
        /// It is one or two characters over and over, or a row of the keyboard.
        case pattern
    }

    /// Checks a password that somebody wants; nil when it is fine.
    ///
    /// - Parameter userName: in lower case.
    package static func problem(with password: String, userName: String) -> Problem? {
        guard password.utf8.count <= Self.maximumBytes else { return .tooLong }
        guard password.count >= Self.minimum else { return .tooShort }
        let lower = password.lowercased()
        guard Set(lower).count > 4, !Self.isRow(Array(lower)) else { return .pattern }
        for name in [userName, "sparekey", "bitlocker"] where name.count >= 4 && lower.contains(name) {
            if lower.replacing(name, with: "").count < Self.minimum { return .names }
        }
        return Self.isCommon(lower) ? .common : nil
    }

    /// Whether most of it is characters that follow each other in the alphabet, in counting or on a keyboard.
    private static func isRow(_ characters: [Character]) -> Bool {
        let rows = [
            "abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiopü",
            "yxcvbnm", "azertyuiop", "qazwsxedcrfvtgbyhnujm",
        ]
        var neighbours: Set<String> = []
        for row in rows {
            for (left, right) in zip(row, row.dropFirst()) {
                neighbours.insert(String([left, right]))
                neighbours.insert(String([right, left]))
            }
        }
        let count = zip(characters, characters.dropFirst()).count { left, right in
            left == right || neighbours.contains(String([left, right]))
        }
        return count * 4 >= (characters.count - 1) * 3
    }

    /// Whether nothing is left of it, or next to nothing, without common words, once `p@ssw0rd` is read as they are.
    private static func isCommon(_ lower: String) -> Bool {
        let plain = String(lower.map { Self.disguises[$0] ?? $0 })
        return [lower, plain].contains { text in
            var rest = text
            for word in CommonPasswords.words { rest = rest.replacing(word, with: " ") }
            let isTouched = rest != text
            return isTouched && rest.count(where: { $0.isLetter }) < 4
        }
    }

    private static let disguises: [Character: Character] = [
        "@": "a", "4": "a", "3": "e", "1": "i", "!": "i", "0": "o", "$": "s", "5": "s", "7": "t",
    ]
}
