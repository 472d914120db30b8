import AuditLog

extension ReportDocument.Entry {
    /// Shows an entry of the log.
    init(_ entry: CanonicalJSON) {
        let record = entry["record"] ?? .null
        self.index = entry["index"]?.shown ?? ""
        self.time = entry["time"]?.shown ?? ""
        self.what = record["kind"]?.shown ?? "erased"
        self.who = Self.who(record)
        self.from = record["source"]?["address"]?.shown ?? ""
        let reason = record["reason"]
        self.why = [
            reason?["code"]?.shown, reason?["ticket"]?.shown, reason?["comment"]?.shown, record["detail"]?.shown,
        ].compactMap { $0 }.joined(separator: ", ")
    }

    /// Who did it: emergency access by its setup, which leads to all that was done with it, others by name.
    static func who(_ record: CanonicalJSON) -> String {
        let principal = record["caller"]?["principal"]?.shown ?? "nobody"
        guard !principal.hasPrefix("breakGlass:") else { return principal }
        return record["caller"]?["name"]?.shown ?? principal
    }
}
