import EscrowModel

/// A chart over days, drawn on the server as SVG, with its legend and its numbers as a table for whoever does not see it.
///
/// What it makes is markup: put it into a template with three braces. Shapes take the whole width while texts keep their
/// size, so that a phone can read them.
struct Chart: Sendable {
    /// A colour of `portal.css`, in light and dark.
    enum Colour: String, Sendable, CaseIterable {
        case blue = "c1"
        case green = "c2"
        case amber = "c3"
        case red = "c4"
        case violet = "c5"
        case grey = "c6"
    }

    /// One line, or one part of every bar.
    struct Series: Sendable {
        let name: String
        let colour: Colour
        /// A value a day; what is missing or below nothing counts as none.
        let values: [Int]
    }

    /// What tells its parts from those of another chart on the page: letters.
    let id: String
    let title: String
    /// What it shows, in a sentence, for a screen reader.
    let summary: String
    /// The days, from the first, of which the values are.
    let days: [Timestamp]
    let series: [Series]

    /// Lines, each with a light area below it. Empty without a day.
    func lines(_ formats: Formats) -> String {
        let scale = ChartScale(self.series.flatMap(\.values).max() ?? 0)
        let shapes = self.series.map { series -> String in
            let points = self.days.indices.map { day in
                "\(self.days.count < 2 ? 0 : day * 1000 / (self.days.count - 1)) \(scale.y(self.value(series, day)))"
            }
            let path = "M" + points.joined(separator: "L") + (self.days.count < 2 ? "H1000" : "")
            return "<g class=\"\(series.colour.rawValue)\"><path class=\"area\" d=\"\(path)V\(ChartScale.height)H0Z\"/>"
                + "<path class=\"line\" d=\"\(path)\" vector-effect=\"non-scaling-stroke\"/></g>"
        }
        let plot =
            "<svg y=\"\(ChartScale.top)\" width=\"100%\" height=\"\(ChartScale.height)\" "
            + "viewBox=\"0 0 1000 \(ChartScale.height)\" preserveAspectRatio=\"none\">\(shapes.joined())</svg>"
        return self.figure(plot + self.hovers(formats), scale, formats)
    }

    /// A bar a day, its parts upon one another in the order of the series. Empty without a day.
    func stackedBars(_ formats: Formats) -> String {
        let totals = self.days.indices.map { day in self.series.reduce(0) { $0 + self.value($1, day) } }
        let scale = ChartScale(totals.max() ?? 0)
        let bars = self.days.indices.map { day -> String in
            var below = 0
            let parts = self.series.map { series -> String in
                let value = self.value(series, day)
                guard value > 0 else { return "" }
                defer { below += value }
                let top = scale.y(below + value)
                let slot = Percent(day, of: self.days.count)
                return "<rect class=\"bar-part \(series.colour.rawValue)\" x=\"\(slot.moved(byTenthsOfSlot: 1))\" "
                    + "y=\"\(ChartScale.top + top)\" width=\"\(slot.width(inTenthsOfSlot: 8))\" "
                    + "height=\"\(max(1, scale.y(below) - top))\"/>"
            }
            return parts.joined()
        }
        return self.figure(bars.joined() + self.hovers(formats), scale, formats)
    }

    private func value(_ series: Series, _ day: Int) -> Int {
        series.values.indices.contains(day) ? max(0, series.values[day]) : 0
    }

    /// What a pointer that rests on a day is told.
    private func hovers(_ formats: Formats) -> String {
        self.days.indices.map { day in
            let slot = Percent(day, of: self.days.count)
            let values = self.series.map { "\($0.name) \(formats.number(self.value($0, day)))" }.joined(separator: ", ")
            return "<rect x=\"\(slot.moved(byTenthsOfSlot: 0))\" width=\"\(slot.width(inTenthsOfSlot: 10))\" "
                + "height=\"\(ChartScale.top + ChartScale.height)\" fill=\"none\" pointer-events=\"all\">"
                + "<title>\("\(formats.date(self.days[day])): \(values)".escapedForMarkup)</title></rect>"
        }.joined()
    }

    private func figure(_ plot: String, _ scale: ChartScale, _ formats: Formats) -> String {
        guard !self.days.isEmpty else { return "" }
        let grid = scale.marks.map { mark -> String in
            let y = ChartScale.top + scale.y(mark)
            return "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"\(y)\" y2=\"\(y)\"/>"
                + "<text x=\"0\" y=\"\(y - 4)\">\(formats.number(mark))</text>"
        }
        let bottom = ChartScale.top + ChartScale.height + 18
        let labels = self.labelled.map { day -> String in
            let (x, anchor) =
                switch day {
                case 0 where self.days.count > 1: ("0", "start")
                case self.days.count - 1 where self.days.count > 1: ("100%", "end")
                default: (Percent(day, of: self.days.count).moved(byTenthsOfSlot: 5), "middle")
                }
            return "<text x=\"\(x)\" y=\"\(bottom)\" text-anchor=\"\(anchor)\">\(formats.day(self.days[day]))</text>"
        }
        return "<figure class=\"chart\"><svg role=\"img\" width=\"100%\" height=\"\(bottom + 6)\" "
            + "aria-labelledby=\"\(self.id)-title \(self.id)-summary\"><title id=\"\(self.id)-title\">"
            + "\(self.title.escapedForMarkup)</title><desc id=\"\(self.id)-summary\">\(self.summary.escapedForMarkup)"
            + "</desc>\(grid.joined())\(plot)\(labels.joined())</svg>\(self.legend)\(self.table(formats))</figure>"
    }

    /// The days that are named below the chart: at most four, of which the first and the last are two.
    private var labelled: [Int] {
        self.days.count <= 4
            ? Array(self.days.indices) : (0...3).map { ($0 * (self.days.count - 1) + 1) / 3 }
    }

    private var legend: String {
        let items = self.series.map { "<li class=\"\($0.colour.rawValue)\">\($0.name.escapedForMarkup)</li>" }
        return "<ul class=\"legend\">\(items.joined())</ul>"
    }

    private func table(_ formats: Formats) -> String {
        let heads = self.series.map { "<th scope=\"col\" class=\"num\">\($0.name.escapedForMarkup)</th>" }
        let rows = self.days.indices.reversed().map { day -> String in
            let cells = self.series.map { "<td class=\"num\">\(formats.number(self.value($0, day)))</td>" }
            return "<tr><th scope=\"row\">\(formats.date(self.days[day]))</th>\(cells.joined())</tr>"
        }
        return "<details class=\"no-print\"><summary>\(formats.text("chartTable").escapedForMarkup)</summary>"
            + "<div class=\"scroll\"><table><caption class=\"unseen\">\(self.title.escapedForMarkup)</caption><thead><tr>"
            + "<th scope=\"col\">\(formats.text("chartDay").escapedForMarkup)</th>\(heads.joined())</tr></thead>"
            + "<tbody>\(rows.joined())</tbody></table></div></details>"
    }
}

/// The heights of a chart's values, in whole pixels.
struct ChartScale: Sendable {
    static let height = 180
    static let top = 20

    /// What the lines across stand for, from none to at least the largest value: three to six of them.
    let marks: [Int]

    init(_ largest: Int) {
        var step = 1
        var power = 1
        let wanted = max(1, largest)
        search: while true {
            for factor in [1, 2, 5] {
                step = factor * power
                if (wanted - 1) / step < 4 { break search }
            }
            power *= 10
        }
        self.marks = (0...((wanted - 1) / step + 1)).map { $0 * step }
    }

    /// How far a value lies below the top of the chart.
    func y(_ value: Int) -> Int {
        let top = self.marks.last ?? 1
        return Self.height - Int((Double(value) * Double(Self.height) / Double(top)).rounded())
    }
}

/// A slot of so many in the width of a chart, in per cent with three decimals.
private struct Percent {
    private let index: Int
    private let count: Int

    init(_ index: Int, of count: Int) {
        self.index = index
        self.count = count
    }

    func moved(byTenthsOfSlot tenths: Int) -> String { Self.text((self.index * 10 + tenths) * 10_000 / self.count) }

    func width(inTenthsOfSlot tenths: Int) -> String { Self.text(tenths * 10_000 / self.count) }

    private static func text(_ thousandths: Int) -> String {
        let decimals = String(1000 + thousandths % 1000).dropFirst()
        return "\(thousandths / 1000).\(decimals)%"
    }
}
