/// How an engine says what the schema says. Queries need no such thing: their text is the same everywhere.
enum Dialect {
    /// SQLite, whose words the schema uses. `+id` ends an index that is walked in the order of rows; SQLite's
    /// indexes end in the row's number by themselves, and would hold it twice.
    case sqlite

    /// The statements of a step of the schema.
    func statements(of step: String) -> String {
        switch self {
        case .sqlite: step.replacing(", +id)", with: ")")
        }
    }
}
