import AuditLog

extension CanonicalJSON {
    /// The value of a member; nil where there is none.
    subscript(key: Key) -> CanonicalJSON? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    /// A text or a number, for people.
    var shown: String? {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number.value)
        case .null, .bool, .array, .object: nil
        }
    }
}
