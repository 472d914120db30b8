/// A moment, in whole milliseconds since 1970-01-01 UTC.
///
/// An integer rather than `Date`: it is stored, compared, signed and printed exactly, and printing costs a twentieth
/// of Foundation's formatter.
package struct Timestamp: Hashable, Sendable, Comparable {
    /// Milliseconds since 1970-01-01 00:00:00 UTC.
    package let milliseconds: Int64

    /// Makes a moment from milliseconds since 1970-01-01 UTC.
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Makes a moment from whole seconds since 1970-01-01 UTC.
    package init(seconds: Int64) { self.init(milliseconds: seconds * 1000) }

    /// By time.
    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// The moment a span later; it stays at the end of the range instead of overflowing.
    package static func + (moment: Timestamp, span: TimeSpan) -> Timestamp {
        let (sum, overflow) = moment.milliseconds.addingReportingOverflow(span.milliseconds)
        return Timestamp(milliseconds: overflow ? .max : sum)
    }

    /// The moment a span earlier; it stays at the start of the range instead of overflowing.
    package static func - (moment: Timestamp, span: TimeSpan) -> Timestamp {
        let (difference, overflow) = moment.milliseconds.subtractingReportingOverflow(span.milliseconds)
        return Timestamp(milliseconds: overflow ? .min : difference)
    }

    /// The latest moment that the text form can hold: the end of the year 9999.
    package static let latest = Timestamp(milliseconds: 253_402_300_799_999)
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds, such as `2026-11-24T13:10:16.250Z`.
    package var description: String {
        let clamped = min(max(self.milliseconds, 0), Self.latest.milliseconds)
        let day = clamped / 86_400_000
        let rest = clamped % 86_400_000
        let date = CivilDate(daysSince1970: day)
        return String(unsafeUninitializedCapacity: 24) { buffer in
            var at = 0
            func put(_ value: Int64, digits: Int, then separator: Unicode.Scalar) {
                var value = value
                for position in stride(from: digits - 1, through: 0, by: -1) {
                    buffer[at + position] = UInt8(ascii: "0") + UInt8(value % 10)
                    value /= 10
                }
                buffer[at + digits] = UInt8(ascii: separator)
                at += digits + 1
            }
            put(date.year, digits: 4, then: "-")
            put(date.month, digits: 2, then: "-")
            put(date.day, digits: 2, then: "T")
            put(rest / 3_600_000, digits: 2, then: ":")
            put(rest / 60_000 % 60, digits: 2, then: ":")
            put(rest / 1000 % 60, digits: 2, then: ".")
            put(rest % 1000, digits: 3, then: "Z")
            return at
        }
    }
}

extension Timestamp {
    /// Reads RFC 3339 with `Z` or a numeric offset and up to nine digits of a second (finer than milliseconds is dropped).
    ///
    /// Nil for anything else, for a day that does not exist and for years before 1970.
    package init?(_ text: some StringProtocol) {
        var reader = DigitReader(bytes: Array(text.utf8))
        guard let year = reader.number(digits: 4), reader.take("-"), let month = reader.number(digits: 2),
            reader.take("-"), let day = reader.number(digits: 2), reader.take("T") || reader.take("t"),
            let hour = reader.number(digits: 2), reader.take(":"), let minute = reader.number(digits: 2),
            reader.take(":"), let second = reader.number(digits: 2),
            let date = CivilDate(year: year, month: month, day: day), hour < 24, minute < 60, second < 60
        else { return nil }
        var fraction: Int64 = 0
        if reader.take(".") {
            guard let value = reader.milliseconds() else { return nil }
            fraction = value
        }
        var offset: Int64 = 0
        if !(reader.take("Z") || reader.take("z")) {
            let sign: Int64
            if reader.take("+") { sign = 1 } else if reader.take("-") { sign = -1 } else { return nil }
            guard let hours = reader.number(digits: 2), reader.take(":"), let minutes = reader.number(digits: 2),
                hours < 24, minutes < 60
            else { return nil }
            offset = sign * (hours * 60 + minutes) * 60_000
        }
        guard reader.isAtEnd else { return nil }
        let ofDay = ((hour * 60 + minute) * 60 + second) * 1000 + fraction
        let milliseconds = date.daysSince1970 * 86_400_000 + ofDay - offset
        guard (0...Self.latest.milliseconds).contains(milliseconds) else { return nil }
        self.init(milliseconds: milliseconds)
    }
}

extension Timestamp: Codable {
    /// Reads RFC 3339 from a single string.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Timestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "must be a time such as 2026-11-24T13:10:16Z (RFC 3339)"
            )
        }
        self = value
    }

    /// Writes RFC 3339 as a single string.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}

/// A day of the proleptic Gregorian calendar.
private struct CivilDate {
    let year: Int64
    let month: Int64
    let day: Int64

    /// Source: Howard Hinnant, *chrono-Compatible Low-Level Date Algorithms*, `civil_from_days`.
    init(daysSince1970 days: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        self.month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        self.year = yearOfEra + era * 400 + (self.month <= 2 ? 1 : 0)
    }

    /// Nil for a day that does not exist.
    init?(year: Int64, month: Int64, day: Int64) {
        guard (1970...9999).contains(year), (1...12).contains(month) else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...lengths[Int(month - 1)]).contains(day) else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// Source: as above, `days_from_civil`.
    var daysSince1970: Int64 {
        let year = self.month <= 2 ? self.year - 1 : self.year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (self.month > 2 ? self.month - 3 : self.month + 9) + 2) / 5 + self.day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

/// Takes fixed-width numbers and separators off the front of a text.
private struct DigitReader {
    let bytes: [UInt8]
    var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { self.at == self.bytes.count }

    mutating func take(_ separator: Unicode.Scalar) -> Bool {
        guard self.at < self.bytes.count, self.bytes[self.at] == UInt8(ascii: separator) else { return false }
        self.at += 1
        return true
    }

    mutating func digit() -> Int64? {
        guard self.at < self.bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self.bytes[self.at]) else {
            return nil
        }
        self.at += 1
        return Int64(self.bytes[self.at - 1] - UInt8(ascii: "0"))
    }

    mutating func number(digits: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<digits {
            guard let digit = self.digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    mutating func milliseconds() -> Int64? {
        var value: Int64 = 0
        var count = 0
        while let digit = self.digit() {
            if count < 3 { value = value * 10 + digit }
            count += 1
            guard count <= 9 else { return nil }
        }
        guard count > 0 else { return nil }
        while count < 3 {
            value *= 10
            count += 1
        }
        return value
    }
}
