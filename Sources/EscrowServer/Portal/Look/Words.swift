import BitLocker
import EscrowModel

/// The words of closed sets in the portal's languages: the key of each is its kind's name with the word's own.
extension Visit {
    /// A word's text: `word("status", .failed)` has the key `statusFailed`.
    func word(_ kind: String, _ word: some RawRepresentable<String>) -> String { self.word(kind, word.rawValue) }

    /// A word's text, by its raw value.
    func word(_ kind: String, _ raw: String) -> String {
        self.text(kind + raw.prefix(1).uppercased() + raw.dropFirst())
    }

    /// A status as templates show it: `{{#status}}{{> status}}{{/status}}`.
    func values(of status: EscrowStatus) -> [String: Any] {
        var values: [String: Any] = [
            "state": status.state.rawValue, "text": self.word("status", status.state), "since": self.time(status.since),
        ]
        if status.reason != .none { values["reason"] = self.word("why", status.reason) }
        return values
    }

    /// A key protector's ID as people read it: the eight digits that the recovery screen shows first, and the rest.
    func values(of id: GUID) -> [String: Any] {
        let text = id.description.uppercased()
        return ["start": String(text.prefix(8)), "rest": String(text.dropFirst(8)), "id": id.description]
    }

    /// A volume as people call it: its label, else its kind.
    func name(of report: VolumeReport) -> String {
        let kind = self.word("volume", report.kind)
        return report.label.map { "\($0) (\(kind))" } ?? kind
    }
}
