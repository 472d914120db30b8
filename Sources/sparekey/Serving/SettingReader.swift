import Configuration
import EscrowModel

/// Reads settings from flags, the environment and a file: the first that says something counts.
struct SettingReader {
    /// A span, or that it never happens.
    struct SpanOrNever {
        /// The span; nil for never.
        let span: TimeSpan?
    }

    private let reader: ConfigReader

    /// Puts the places together.
    init(flags: [Setting: String], environment: [String: String], file: ConfigurationFile?) {
        self.reader = ConfigReader(providers: [
            InMemoryProvider(name: "flags", values: Self.values(flags)),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "sparekey"),
            InMemoryProvider(name: "file", values: Self.values(file?.values ?? [:])),
        ])
    }

    /// A setting as it was written; nil when nothing says anything, or says nothing.
    func text(_ setting: Setting) -> String? {
        guard let text = self.reader.string(forKey: setting.key), !text.isEmpty else { return nil }
        return text
    }

    /// A setting, read.
    func read<Value>(_ setting: Setting, _ form: String, _ parse: (String) -> Value?) throws(Failure) -> Value? {
        guard let text = self.text(setting) else { return nil }
        guard let value = parse(text) else { throw Failure("\(setting.rawValue) is \"\(text)\" and must be \(form)") }
        return value
    }

    /// A span of time.
    func span(_ setting: Setting) throws(Failure) -> TimeSpan? {
        try self.read(setting, "a time such as 90s, 15m, 24h or 30d") { text in
            TimeSpan(text).flatMap { $0 > .zero ? $0 : nil }
        }
    }

    /// A span of time, which may be none at all, or `never`.
    func spanOrNever(_ setting: Setting) throws(Failure) -> SpanOrNever? {
        try self.read(setting, "a time such as 0s, 15m, 24h or 30d, or never") { text in
            text == "never" ? SpanOrNever(span: nil) : TimeSpan(text).map { SpanOrNever(span: $0) }
        }
    }

    /// Yes or no.
    func flag(_ setting: Setting) throws(Failure) -> Bool? {
        try self.read(setting, "true or false") { Bool($0) }
    }

    /// A whole number from 1 to 10,000.
    func count(_ setting: Setting) throws(Failure) -> Int? {
        try self.read(setting, "a whole number from 1 to 10000") { text in
            Int(text).flatMap { (1...10_000).contains($0) ? $0 : nil }
        }
    }

    private static func values(_ settings: [Setting: String]) -> [AbsoluteConfigKey: ConfigValue] {
        Dictionary(uniqueKeysWithValues: settings.map { ($0.absoluteKey, ConfigValue(.string($1), isSecret: false)) })
    }
}
