import EscrowModel
import EscrowPolicy
import Testing

@Suite("Allowed hours")
struct AllowedHoursTests {
    static func hours(_ from: String, _ to: String, _ days: Set<AllowedHours.Day>, _ zone: String) throws
        -> AllowedHours
    {
        let (from, to) = (try #require(AllowedHours.Minute(from)), try #require(AllowedHours.Minute(to)))
        return try #require(AllowedHours(days: days, from: from, to: to, timeZone: zone))
    }

    static let workdays: Set<AllowedHours.Day> = [.monday, .tuesday, .wednesday, .thursday, .friday]

    @Test(
        "the clock is that on the wall there, summer and winter",
        arguments: [
            // Winter: Berlin is an hour ahead.
            ("2026-11-24T05:59:59.999Z", false), ("2026-11-24T06:00:00Z", true), ("2026-11-24T17:59:59Z", true),
            ("2026-11-24T18:00:00Z", false),
            // Summer: two.
            ("2026-07-01T04:59:59Z", false), ("2026-07-01T05:00:00Z", true), ("2026-07-01T17:00:00Z", false),
            // The day of the change, which was a Sunday, and the Monday after.
            ("2026-03-29T10:00:00Z", false), ("2026-03-30T05:00:00Z", true),
            // Sunday in London, but Monday in Berlin from 23:00 on; not yet 7.
            ("2026-11-22T23:30:00Z", false), ("1970-01-01T12:00:00Z", true),
        ]
    )
    func berlin(text: String, isWithin: Bool) throws {
        let hours = try Self.hours("07:00", "19:00", Self.workdays, "Europe/Berlin")
        #expect(hours.contain(try #require(Timestamp(text))) == isWithin)
    }

    @Test(
        "hours past midnight belong to the day on which they begin",
        arguments: [
            ("2026-11-27T21:59:00Z", false), ("2026-11-27T22:00:00Z", true), ("2026-11-28T05:59:00Z", true),
            ("2026-11-28T06:00:00Z", false), ("2026-11-28T22:30:00Z", false), ("2026-11-27T05:00:00Z", false),
        ]
    )
    func night(text: String, isWithin: Bool) throws {
        let hours = try Self.hours("22:00", "06:00", [.friday], "UTC")
        #expect(hours.contain(try #require(Timestamp(text))) == isWithin)
    }

    @Test("a whole day is 00:00 to 24:00, and every moment of a week is on one day")
    func days() throws {
        let start = try #require(Timestamp("2026-11-23T00:00:00Z"))
        for (index, day) in AllowedHours.Day.allCases.enumerated() {
            let hours = try Self.hours("00:00", "24:00", [day], "UTC")
            for hour in 0..<168 {
                #expect(hours.contain(start + .hours(Int64(hour))) == (hour / 24 == index))
            }
        }
    }

    @Test(
        "what is not a time of day is none",
        arguments: ["", "7:00", "24:01", "12:60", "-1:00", "12-00", "1２:00", "12:0x"]
    )
    func notTimes(text: String) { #expect(AllowedHours.Minute(text) == nil) }

    @Test(
        "zones are those with a name and a summer",
        arguments: ["Europe/Berlin", "America/New_York", "UTC", "Asia/Kolkata"]
    )
    func zones(name: String) { #expect(AllowedHours.isTimeZone(name)) }

    @Test(
        "others are refused",
        arguments: ["", "Berlin", "GMT+2", "CET", "Europe/Bonn", "Etc/GMT-5", "../../etc/passwd"]
    )
    func notZones(name: String) { #expect(!AllowedHours.isTimeZone(name)) }
}
