/// How grave an event is, on the one scale that all formats are mapped from.
package enum EventSeverity: Int, CaseIterable, Sendable, Comparable {
    /// It is as it should be.
    case informational = 1
    /// Worth a line in a report.
    case low
    /// Somebody saw a secret, was refused, or something did not work.
    case medium
    /// Somebody should look at it today.
    case high
    /// Somebody should be woken.
    case critical

    /// By how grave it is.
    package static func < (left: EventSeverity, right: EventSeverity) -> Bool { left.rawValue < right.rawValue }

    /// The word for it.
    package var word: String {
        switch self {
        case .informational: "informational"
        case .low: "low"
        case .medium: "medium"
        case .high: "high"
        case .critical: "critical"
        }
    }

    /// The severity of a word; nil when there is no such one.
    package init?(word: String) {
        guard let found = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = found
    }

    /// CEF's number: 0 to 3 is low, 4 to 6 medium, 7 and 8 high, 9 and 10 very high.
    package var cef: Int {
        switch self {
        case .informational: 1
        case .low: 3
        case .medium: 5
        case .high: 8
        case .critical: 10
        }
    }

    /// RFC 5424's number, from 6 (informational) down to 2 (critical).
    package var syslog: Int { 7 - self.rawValue }
}
