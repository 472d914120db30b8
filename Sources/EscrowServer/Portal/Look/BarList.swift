/// Names with their numbers as horizontal bars: a table whose bars are decoration, so that everybody reads the same.
///
/// What it makes is markup: put it into a template with three braces.
struct BarList: Sendable {
    /// One bar.
    struct Bar: Sendable {
        let name: String
        let value: Int
        /// Where its name leads; nil for nowhere.
        var path: String?
        var colour = Chart.Colour.blue
    }

    let title: String
    let bars: [Bar]

    /// The table; empty without a bar.
    func table(_ formats: Formats) -> String {
        guard let largest = self.bars.map(\.value).max() else { return "" }
        let rows = self.bars.map { bar -> String in
            let name = bar.name.escapedForMarkup
            let linked = bar.path.map { "<a href=\"\($0.escapedForMarkup)\">\(name)</a>" } ?? name
            // A bar that is there at all is seen.
            let thousandths = bar.value <= 0 || largest <= 0 ? 0 : max(10, bar.value * 1000 / largest)
            return "<tr><th scope=\"row\">\(linked)</th><td class=\"num\">\(formats.number(bar.value))</td>"
                + "<td class=\"chart\" aria-hidden=\"true\"><svg width=\"100%\" height=\"12\">"
                + "<rect class=\"track\" width=\"100%\" height=\"12\" rx=\"3\"/>"
                + "<rect class=\"bar-part \(bar.colour.rawValue)\" width=\"\(thousandths / 10).\(thousandths % 10)%\" "
                + "height=\"12\" rx=\"3\"/></svg></td></tr>"
        }
        return "<table class=\"bars\"><caption class=\"unseen\">\(self.title.escapedForMarkup)</caption>"
            + "<tbody>\(rows.joined())</tbody></table>"
    }
}
