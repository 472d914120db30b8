package import BitLocker

/// The text of one SQL statement, which SQLite and PostgreSQL both understand; parameters are `$1`, `$2` and so on.
///
/// It carries its own hash, so that finding the prepared statement costs the same for a long text as for a short one.
/// Keep it in a `static let`: equal texts in one storage are compared by address.
package struct SQL: Hashable, Sendable {
    /// The text.
    package let text: String
    private let textHash: Int

    /// Takes a statement's text, without a semicolon at its end.
    package init(_ text: String) {
        self.text = text
        self.textHash = text.hashValue
    }

    /// The text's hash, worked out once.
    package func hash(into hasher: inout Hasher) { hasher.combine(self.textHash) }
}

/// A value on its way into a statement.
package enum SQLValue: Equatable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
    /// The 16 bytes of a GUID, in the order of its text form.
    case guid(GUID)
}
