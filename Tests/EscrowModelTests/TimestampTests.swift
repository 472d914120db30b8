import EscrowModel
import Testing

@Suite("Timestamp")
struct TimestampTests {
    static let known: [(Int64, String)] = [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_709_210_096_250, "2024-02-29T12:34:56.250Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ]

    @Test("a moment prints as RFC 3339 and reads back as itself", arguments: known)
    func printsAndReads(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text) == Timestamp(milliseconds: milliseconds))
    }

    @Test("every day of 400 years prints and reads back as itself")
    func everyDay() {
        for day in Int64(0)..<146_097 {
            let moment = Timestamp(milliseconds: day * 86_400_000 + 1)
            #expect(Timestamp(moment.description) == moment)
        }
    }

    @Test(
        "an offset and a fraction of any length are understood",
        arguments: [
            "1970-01-01T01:00:00+01:00", "1970-01-01T12:00:00+12:00", "1970-01-01T00:00:00.0009Z",
            "1970-01-01t00:00:00z",
        ]
    )
    func offsets(text: String) {
        #expect(Timestamp(text) == Timestamp(milliseconds: 0))
    }

    @Test(
        "what is not a moment is refused",
        arguments: [
            "", "now", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-01",
            "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00",
            "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00Z ", "2026-01-01T00:00:00.Z", "1969-12-31T23:59:59Z",
            "2026-01-01T00:00:00.1234567890Z", "２026-01-01T00:00:00Z",
        ]
    )
    func refuses(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("adding to the end of time stays there")
    func saturates() {
        #expect(Timestamp(milliseconds: .max) + .days(1) == Timestamp(milliseconds: .max))
        #expect(Timestamp(milliseconds: .min) - .days(1) == Timestamp(milliseconds: .min))
    }
}

@Suite("TimeSpan")
struct TimeSpanTests {
    @Test(
        "a span reads its text and prints the shortest",
        arguments: [
            ("0s", 0, "0s"), ("1500ms", 1500, "1500ms"), ("90s", 90_000, "90s"), ("60s", 60_000, "1m"),
            ("24h", 86_400_000, "1d"), ("30d", 2_592_000_000, "30d"),
        ]
    )
    func reads(text: String, milliseconds: Int64, printed: String) {
        #expect(TimeSpan(text)?.milliseconds == milliseconds)
        #expect(TimeSpan(text)?.description == printed)
    }

    @Test(
        "what is not a span is refused",
        arguments: ["", "5", "h", "-1h", "1.5h", "1w", "1 h", "40000d", "99999999999999999999s"]
    )
    func refuses(text: String) {
        #expect(TimeSpan(text) == nil)
    }
}
