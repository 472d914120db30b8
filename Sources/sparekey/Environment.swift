import FoundationEssentials

/// The process's environment.
enum Environment {
    /// All of it.
    static var all: [String: String] { ProcessInfo.processInfo.environment }

    /// One variable; nil when it is not set, or is set to nothing.
    static subscript(name: String) -> String? {
        guard let value = Self.all[name], !value.isEmpty else { return nil }
        return value
    }
}
