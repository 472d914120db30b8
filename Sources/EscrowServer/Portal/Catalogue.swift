import FoundationEssentials
import HTTPTypes

/// A language of the portal.
package enum Language: String, CaseIterable, Sendable {
    case english = "en"
    case german = "de"

    /// The one that a browser likes best of those that there are; English when it likes none.
    init(of headers: HTTPFields) {
        let wanted = (headers[.acceptLanguage] ?? "").lowercased().split(separator: ",").enumerated()
        let rated = wanted.compactMap { index, item -> (language: Language, quality: Double, index: Int)? in
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " } }
            guard let tag = parts.first?.split(separator: "-").first, let language = Language(rawValue: String(tag))
            else { return nil }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            return quality > 0 ? (language, quality, index) : nil
        }
        self = rated.max { ($0.quality, -$0.index) < ($1.quality, -$1.index) }?.language ?? .english
    }
}

/// Every text of the portal, in every language: `Resources/portal/messages.json`, one line a text.
package struct Catalogue: Sendable {
    private let texts: [Language: [String: String]]

    /// Reads the catalogue that is built in.
    package init() { self.init(PackageResources.messages_json) }

    /// Reads a catalogue.
    init(_ bytes: [UInt8]) {
        // It is built in, and a test reads it; without it pages would lack their texts, not their working.
        let lines = (try? JSONDecoder().decode([String: [String]].self, from: Data(bytes))) ?? [:]
        var texts: [Language: [String: String]] = [:]
        for (index, language) in Language.allCases.enumerated() {
            texts[language] = lines.compactMapValues { index < $0.count ? $0[index] : nil }
        }
        self.texts = texts
    }

    /// All texts of a language, by key.
    package func texts(_ language: Language) -> [String: String] { self.texts[language] ?? [:] }

    /// One text; the key where there is none.
    func text(_ key: String, _ language: Language) -> String { self.texts[language]?[key] ?? key }
}
