import EscrowAPI
import EscrowModel

extension ReportDocument {
    /// The report for people, the gravest first.
    var lines: [String] {
        var lines: [String] = []
        for entry in self.breakGlass.items {
            lines.append("BREAK-GLASS ACCESS \(entry.time): \(entry.why); \(entry.who), from \(entry.from)")
        }
        lines += Self.more(self.breakGlass)
        if lines.isEmpty { lines.append("no break-glass access") }
        for entry in self.breakGlassRefused.items {
            lines.append("BREAK-GLASS REFUSED \(entry.time): \(entry.why); \(entry.who), from \(entry.from)")
        }
        lines += Self.more(self.breakGlassRefused)
        lines += ["", "from \(self.since) to \(self.until)"]
        lines += Self.section("refusals", self.refusals)
        lines += Self.section("failures", self.failures)
        lines += Self.section("disclosures, by caller", self.disclosures.byCaller)
        lines += Self.section("disclosures, by reason", self.disclosures.byReason)
        lines += Self.section("disclosures, by the device's group", self.disclosures.byGroup)
        lines += Self.section("limits of disclosures nearly reached", self.limitAlarms) { entry in
            "\(entry.time)  \(entry.who)  \(entry.why)"
        }
        lines += Self.section("disclosed keys still in use", self.notReplaced) { key in
            let state = key.rotation.map { "rotation \($0.rawValue)" } ?? "no rotation is asked for: sparekey rotate"
            return "\(key.disclosedAt?.description ?? "")  \(key.deviceName)  \(key.keyId)  \(state)"
        }
        lines += Self.section("rotations stuck", self.rotationsStuck) { rotation in
            "\(rotation.deliveredAt?.description ?? "")  \(rotation.deviceName)  \(rotation.id)"
        }
        lines += Self.section("servers that do not get the log", self.sinksBehind) { sink in
            "\(sink.name)  \(sink.lag) entries behind  \(sink.problem ?? "")"
        }
        return lines
    }

    private static func section(_ title: String, _ tally: Tally) -> [String] {
        guard tally.total > 0 else { return ["\(title): none"] }
        var lines = ["\(title): \(tally.total)"]
        for line in tally.lines { lines.append("  \(Self.padded(line.count))  \(line.what)") }
        if tally.others > 0 { lines.append("  \(Self.padded(tally.others))  others") }
        return lines
    }

    private static func section<Item>(
        _ title: String,
        _ sample: Sample<Item>,
        _ line: (Item) -> String
    ) -> [String] {
        guard sample.total > 0 else { return ["\(title): none"] }
        return ["\(title): \(sample.total)"] + sample.items.map { "  " + line($0) } + Self.more(sample)
    }

    private static func more<Item>(_ sample: Sample<Item>) -> [String] {
        let count = sample.total - sample.items.count
        return count == 0 ? [] : ["  and \(count) more: sparekey audit list"]
    }

    private static func padded(_ count: Int) -> String {
        let digits = String(count)
        return String(repeating: " ", count: max(0, 6 - digits.count)) + digits
    }
}
