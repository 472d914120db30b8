public import FoundationEssentials

/// A point in time as Windows keeps it: 100-nanosecond ticks since 1601-01-01 UTC.
public struct FileTime: Hashable, Sendable, Comparable {
    /// Ticks of 100 nanoseconds since 1601-01-01 UTC.
    public let ticks: UInt64

    private static let ticksPerSecond = 10_000_000.0
    private static let secondsFrom1601To1970 = 11_644_473_600.0

    /// Takes the number that is on the disk.
    public init(ticks: UInt64) {
        self.ticks = ticks
    }

    /// Takes a date; those before 1601 become 1601.
    public init(_ date: Date) {
        let ticks = (date.timeIntervalSince1970 + Self.secondsFrom1601To1970) * Self.ticksPerSecond
        self.init(ticks: ticks.isFinite && ticks > 0 ? UInt64(min(ticks, 9e18)) : 0)
    }

    /// The same time as a date, exact to about a microsecond.
    public var date: Date {
        Date(timeIntervalSince1970: Double(self.ticks) / Self.ticksPerSecond - Self.secondsFrom1601To1970)
    }

    /// Earlier is less.
    public static func < (left: FileTime, right: FileTime) -> Bool { left.ticks < right.ticks }
}
