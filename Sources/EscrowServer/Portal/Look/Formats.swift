import EscrowModel

/// How numbers, lengths of time and moments are written in a language.
///
/// Without Foundation's formatters: a page of the device list writes hundreds, and these cost nothing.
struct Formats: Sendable {
    let language: Language
    let texts: Catalogue
    /// The moment that ages are told from.
    let now: Timestamp

    /// A whole number with its thousands apart: `1,234,567`, `1.234.567`.
    func number(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += self.language == .german ? "." : "," }
            text.append(digit)
        }
        return value < 0 ? "−" + text : text
    }

    /// A part of a whole in per cent, to a tenth: all of it and none of it are told only when they are exact; a dash when
    /// there is no whole.
    func share(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "–" }
        let exact = min(max(Double(part) / Double(whole), 0), 1)
        var tenths = Int((exact * 1000).rounded())
        if tenths == 1000, part < whole { tenths = 999 }
        if tenths == 0, part > 0 { tenths = 1 }
        let text =
            tenths.isMultiple(of: 10)
            ? "\(tenths / 10)" : "\(tenths / 10)\(self.language == .german ? "," : ".")\(tenths % 10)"
        return text + (self.language == .german ? "\u{a0}%" : "%")
    }

    /// A length of time by its two largest units: `2 h 5 min`.
    func duration(_ span: TimeSpan) -> String {
        let milliseconds = max(span.milliseconds, 0)
        if milliseconds < 1000 { return "\(milliseconds)\u{a0}ms" }
        let units: [(length: Int64, name: String)] = [
            (86_400_000, "timeDays"), (3_600_000, "timeHours"), (60_000, "timeMinutes"), (1000, "timeSeconds"),
        ]
        guard let first = units.firstIndex(where: { milliseconds >= $0.length }) else { return "" }
        var rest = milliseconds
        var parts: [String] = []
        for unit in units[first...].prefix(2) {
            let count = rest / unit.length
            rest %= unit.length
            if count > 0 { parts.append(self.count(count, unit.name)) }
        }
        return parts.joined(separator: " ")
    }

    /// How long ago, or how soon, in one unit; the date when that is a week or more away.
    func age(_ moment: Timestamp) -> String {
        let seconds = (self.now.milliseconds - moment.milliseconds) / 1000
        let distance = abs(seconds)
        if distance < 45 { return self.text("timeNow") }
        let span =
            switch distance {
            case ..<3570: self.count(max(1, (distance + 30) / 60), "timeMinutes")
            case ..<84_600: self.count(max(1, (distance + 1800) / 3600), "timeHours")
            case ..<604_800: self.count(max(1, (distance + 43_200) / 86_400), "timeDaysFrom")
            default: ""
            }
        if span.isEmpty { return self.date(moment) }
        return self.text(seconds > 0 ? "timeAgo" : "timeIn").filled(["span": span])
    }

    /// A day in UTC: `24 Nov 2026`.
    func date(_ moment: Timestamp) -> String {
        let parts = self.parts(moment)
        return self.text("timeDate").filled(["day": parts.day, "month": parts.month, "year": parts.year])
    }

    /// A day in UTC without its year, for the axis of a chart.
    func day(_ moment: Timestamp) -> String {
        let parts = self.parts(moment)
        return self.text("timeDayMonth").filled(["day": parts.day, "month": parts.month])
    }

    /// A moment in UTC, to the second.
    func moment(_ moment: Timestamp) -> String {
        "\(self.date(moment)), \(moment.description.dropFirst(11).prefix(8)) UTC"
    }

    /// A `time` element that shows the age, with the exact moment in its attributes. Markup: put it in with three braces.
    func time(_ moment: Timestamp) -> String {
        "<time datetime=\"\(moment)\" title=\"\(self.moment(moment))\" data-age>\(self.age(moment))</time>"
    }

    /// A `time` element that shows the moment itself. Markup: put it in with three braces.
    func exactTime(_ moment: Timestamp) -> String {
        "<time datetime=\"\(moment)\" data-moment>\(self.moment(moment))</time>"
    }

    func text(_ key: String) -> String { self.texts.text(key, self.language) }

    private func count(_ count: Int64, _ unit: String) -> String {
        self.text(count == 1 ? unit + "One" : unit).filled(["n": "\(count)"])
    }

    private func parts(_ moment: Timestamp) -> (day: String, month: String, year: String) {
        let text = moment.description
        let months = self.text("timeMonths").split(separator: " ")
        let month = (Int(text.dropFirst(5).prefix(2)) ?? 1) - 1
        let day = text.dropFirst(8).prefix(2)
        return (
            day.hasPrefix("0") ? String(day.dropFirst()) : String(day),
            months.indices.contains(month) ? String(months[month]) : "", String(text.prefix(4))
        )
    }
}

extension Visit {
    /// How numbers and times are written on this page.
    var formats: Formats {
        Formats(language: self.language, texts: self.portal.pages.catalogue, now: self.portal.clock())
    }

    /// A moment as markup that shows its age: `{{{began}}}`.
    func time(_ moment: Timestamp) -> String { self.formats.time(moment) }

    /// A moment as markup that shows it to the second: `{{{began}}}`.
    func exactTime(_ moment: Timestamp) -> String { self.formats.exactTime(moment) }

    /// A whole number with its thousands apart.
    func number(_ value: Int) -> String { self.formats.number(value) }
}
