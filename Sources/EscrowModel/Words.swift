extension RawRepresentable where Self: CaseIterable & Decodable, RawValue == String {
    /// Reads one of the type's words.
    ///
    /// In the place of the standard library's own, which says neither which words there are nor keeps what was sent out of
    /// the error's text.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let word = Self(rawValue: try container.decode(String.self)) else {
            let words = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "must be one of \(words)")
        }
        self = word
    }
}
