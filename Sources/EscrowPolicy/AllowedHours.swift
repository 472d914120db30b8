package import EscrowModel
// FoundationEssentials knows no time zone but GMT; the reader of the policy's YAML needs Foundation anyhow.
import Foundation

/// Days and hours, by a clock on a wall somewhere.
package struct AllowedHours: Hashable, Sendable {
    /// A day of the week, from Monday.
    package enum Day: String, CaseIterable, Sendable {
        case monday = "mon"
        case tuesday = "tue"
        case wednesday = "wed"
        case thursday = "thu"
        case friday = "fri"
        case saturday = "sat"
        case sunday = "sun"
    }

    /// A time of day in minutes since midnight, 0 to 1440.
    package struct Minute: Hashable, Sendable {
        /// Minutes since midnight.
        package let ofDay: Int

        /// Reads `07:00` to `24:00`.
        package init?(_ text: String) {
            let bytes = Array(text.utf8)
            guard bytes.count == 5, bytes[2] == UInt8(ascii: ":"), let hour = Int(text.prefix(2)),
                let minute = Int(text.suffix(2)), (0..<60).contains(minute), (0...24).contains(hour),
                hour < 24 || minute == 0, bytes.allSatisfy({ (0x30...0x3A).contains($0) })
            else { return nil }
            self.ofDay = hour * 60 + minute
        }
    }

    /// On which days. When the hours go past midnight, the day is that of their beginning.
    package let days: Set<Day>
    /// The first minute.
    package let from: Minute
    /// The minute at which they are over; when it is not after the first, that of the next day.
    package let to: Minute
    /// The name of the clock's time zone.
    package let timeZone: String
    private let zone: TimeZone

    /// Makes hours of their parts; nil for a time zone that there is not, and for no hours at all.
    ///
    /// - Parameter timeZone: a name such as `Europe/Berlin`, or `UTC`.
    package init?(days: Set<Day>, from: Minute, to: Minute, timeZone: String) {
        guard from != to, from.ofDay < 1440, let zone = Self.zone(timeZone) else { return nil }
        self.days = days
        self.from = from
        self.to = to
        self.timeZone = timeZone
        self.zone = zone
    }

    /// The time zone of a name; nil when there is none. Offsets such as `GMT+2` are none: they know no summer.
    package static func isTimeZone(_ name: String) -> Bool { Self.zone(name) != nil }

    /// Whether a moment is within the hours.
    package func contain(_ moment: Timestamp) -> Bool {
        let date = Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000)
        let local = moment.milliseconds / 1000 + Int64(self.zone.secondsFromGMT(for: date))
        let day = Int(local.flooredQuotient(by: 86_400))
        let minute = Int(local - Int64(day) * 86_400) / 60
        if self.from.ofDay < self.to.ofDay {
            return (self.from.ofDay..<self.to.ofDay).contains(minute) && self.days.contains(Self.day(day))
        }
        if minute >= self.from.ofDay { return self.days.contains(Self.day(day)) }
        return minute < self.to.ofDay && self.days.contains(Self.day(day - 1))
    }

    /// The day of the week of a day since 1970-01-01, which was a Thursday.
    private static func day(_ number: Int) -> Day { Day.allCases[((number + 3) % 7 + 7) % 7] }

    private static func zone(_ name: String) -> TimeZone? {
        guard name == "UTC" || name.contains("/"), !name.hasPrefix("Etc/") else { return nil }
        return TimeZone(identifier: name)
    }
}

extension Int64 {
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = self.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
