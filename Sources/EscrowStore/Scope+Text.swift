import AuditLog
import EscrowModel

/// A scope as a column holds it: NULL for everything, else the groups as a JSON array in order.
extension Scope {
    var text: String? {
        switch self {
        case .everything: nil
        case .groups: String(decoding: self.json.bytes, as: UTF8.self)
        }
    }

    /// Nil when the text is not an array of texts.
    init?(text: String?) {
        guard let text else {
            self = .everything
            return
        }
        guard case .array(let values)? = try? CanonicalJSON(parsing: Array(text.utf8)) else { return nil }
        var groups: Set<String> = []
        for value in values {
            guard case .string(let group) = value else { return nil }
            groups.insert(group)
        }
        self = .groups(groups)
    }

    /// `"everything"`, or the groups in order.
    var json: CanonicalJSON {
        switch self {
        case .everything: "everything"
        case .groups(let groups): .array(groups.sorted().map { .string($0) })
        }
    }
}
