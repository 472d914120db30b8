package import EscrowModel
import Crypto

/// The policy file, read: groups and conditions of disclosures. Without one every device stays in its enrolment token's
/// group, and the role matrix alone decides.
package struct PolicyDocument: Equatable, Sendable {
    /// The file as it was written.
    package let text: String
    /// What makes groups; the first that matches wins.
    package let groups: [GroupRule]
    /// The conditions of disclosures.
    package let rules: DisclosureRules
    /// Which file it was, in records: the first 12 hexadecimal digits of the SHA-256 of the text; `none` without one.
    package let digest: String

    /// Reads the text of a file. Throws all that is wrong with it.
    package init(_ text: String) throws(PolicyFileError) {
        var reader = try PolicyFileReader(text)
        let (groups, rules) = try reader.read()
        self.init(text: text, groups: groups, rules: DisclosureRules(rules))
    }

    /// No file.
    package static let none = PolicyDocument(text: "", groups: [], rules: DisclosureRules([]))

    private init(text: String, groups: [GroupRule], rules: DisclosureRules) {
        self.text = text
        self.groups = groups
        self.rules = rules
        self.digest = text.isEmpty ? "none" : Self.digest(of: text)
    }

    /// Whether there is a file.
    package var isNone: Bool { self.text.isEmpty }

    /// The digest where there is a file: what disclosures' records name.
    package var recordedDigest: String? { self.isNone ? nil : self.digest }

    /// The group of a device: the one that it was assigned, else that of the first rule that matches, else that of its
    /// enrolment token.
    package func group(of facts: DeviceFacts, enrolledInto: String, assigned: String?) -> String {
        assigned ?? self.groups.first { $0.matches(facts, enrolledInto: enrolledInto) }?.group ?? enrolledInto
    }

    /// What groups depend on: when it is the same, no device moves.
    package var groupsDigest: String {
        guard !self.groups.isEmpty else { return "" }
        let lines = self.groups.map { rule in
            let conditions = GroupRule.Fact.allCases.compactMap { fact in
                rule.conditions[fact].map { "\(fact.rawValue)=\($0.map(\.text).sorted())" }
            }
            return "\(rule.group): \(conditions)"
        }
        return Self.digest(of: lines.joined(separator: "\n"))
    }

    private static func digest(of text: String) -> String {
        let digits = Array("0123456789abcdef")
        return String(
            SHA256.hash(data: Array(text.utf8)).prefix(6).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        )
    }
}

/// Why a policy file cannot be used: everything that is wrong with it.
package struct PolicyFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One thing that is wrong, or worth a second look.
    package struct Problem: Equatable, Sendable, CustomStringConvertible {
        /// Where, from 1; nil for the file as a whole.
        package let line: Int?
        /// Which key, such as `rules[0].ticket.pattern`; empty for the file as a whole.
        package let key: String
        /// What it must be, or what it has.
        package let text: String

        /// Makes it from its parts.
        package init(line: Int?, key: String, text: String) {
            self.line = line
            self.key = key
            self.text = text
        }

        /// Line, key and problem.
        package var description: String {
            [self.line.map { "line \($0):" }, self.key.isEmpty ? nil : self.key, self.text]
                .compactMap { $0 }.joined(separator: " ")
        }
    }

    /// What is wrong, in the order of the file.
    package let problems: [Problem]

    /// Every problem, a line each.
    package var description: String { self.problems.map(\.description).joined(separator: "\n") }
}
