/// A length of time, in whole milliseconds, as settings name it: `90s`, `15m`, `24h`, `30d`.
package struct TimeSpan: Hashable, Sendable, Comparable {
    /// Milliseconds; never negative in a setting.
    package let milliseconds: Int64

    /// Makes a span from milliseconds.
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// So many seconds.
    package static func seconds(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: count * 1000) }
    /// So many minutes.
    package static func minutes(_ count: Int64) -> TimeSpan { .seconds(count * 60) }
    /// So many hours.
    package static func hours(_ count: Int64) -> TimeSpan { .minutes(count * 60) }
    /// So many days of 24 hours.
    package static func days(_ count: Int64) -> TimeSpan { .hours(count * 24) }

    /// No time at all.
    package static let zero = TimeSpan(milliseconds: 0)

    /// By length.
    package static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.milliseconds < right.milliseconds }

    /// Reads a whole number followed by `ms`, `s`, `m`, `h` or `d`; nil for anything else and for more than 100 years.
    package init?(_ text: some StringProtocol) {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard let count = Int64(digits), count <= 3_153_600_000_000 else { return nil }
        let factor: Int64
        switch text[digits.endIndex...] {
        case "ms": factor = 1
        case "s": factor = 1000
        case "m": factor = 60_000
        case "h": factor = 3_600_000
        case "d": factor = 86_400_000
        default: return nil
        }
        let (milliseconds, overflow) = count.multipliedReportingOverflow(by: factor)
        guard !overflow, milliseconds <= 3_153_600_000_000 else { return nil }
        self.init(milliseconds: milliseconds)
    }
}

extension TimeSpan: CustomStringConvertible {
    /// The shortest text that reads back as the same span.
    package var description: String {
        for (factor, unit) in [(Int64(86_400_000), "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")]
        where self.milliseconds != 0 && self.milliseconds % factor == 0 {
            return "\(self.milliseconds / factor)\(unit)"
        }
        return self.milliseconds == 0 ? "0s" : "\(self.milliseconds)ms"
    }
}
