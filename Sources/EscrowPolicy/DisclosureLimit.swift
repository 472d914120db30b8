package import EscrowModel

/// A most that a rule sets to disclosures.
package struct DisclosureLimit: Hashable, Sendable {
    /// Whose disclosures are counted.
    package enum Subject: String, CaseIterable, Sendable {
        /// Those of one caller.
        case caller
        /// Those of all callers.
        case scope
    }

    /// Over which time, sliding.
    package enum Window: String, CaseIterable, Sendable {
        case hour
        case day

        /// How long it is.
        package var span: TimeSpan {
            switch self {
            case .hour: .hours(1)
            case .day: .days(1)
            }
        }
    }

    /// The rule that sets it; disclosures are counted by its name.
    package let rule: String
    /// Whose disclosures are counted.
    package let subject: Subject
    /// Over which time.
    package let window: Window
    /// How many there may be.
    package let maximum: Int
    /// At how many hundredths of it somebody is told.
    package let alarmPercentage: Int?

    /// Makes it from its parts.
    package init(rule: String, subject: Subject, window: Window, maximum: Int, alarmPercentage: Int? = nil) {
        self.rule = rule
        self.subject = subject
        self.window = window
        self.maximum = maximum
        self.alarmPercentage = alarmPercentage
    }

    /// Whether so many disclosures are enough for an alarm.
    package func isNear(_ count: Int) -> Bool {
        self.alarmPercentage.map { count * 100 >= self.maximum * $0 } ?? false
    }
}

/// How much of a limit is used.
package struct LimitUsage: Equatable, Sendable {
    /// How many disclosures there were within the window.
    package let count: Int
    /// When the next one is possible, if the limit is reached.
    package let freeAt: Timestamp?

    /// Makes it from its parts.
    package init(count: Int, freeAt: Timestamp? = nil) {
        self.count = count
        self.freeAt = freeAt
    }

    /// Nothing of it is used.
    package static let none = LimitUsage(count: 0)
}
