import BitLocker
import EscrowModel
import Hummingbird

/// The query parameters of a request, of which a route names all that it has: one that it does not have, one that is
/// there twice and one that is not properly encoded are refused.
struct QueryParameters<Name: RawRepresentable<String> & CaseIterable & Hashable & Sendable>: Sendable {
    private let values: [Name: String]

    /// Reads the query of a request.
    init(of request: Request) throws(Problem) {
        try self.init(query: request.uri.query ?? "")
    }

    /// Reads a query, without its question mark.
    init(query: String) throws(Problem) {
        var values: [Name: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0]).flatMap(Name.init(rawValue:)) else {
                throw .invalid(field: "query", "has a parameter that this path does not have; \(Self.known)")
            }
            guard let value = Self.decoded(parts.count == 2 ? parts[1] : "") else {
                throw .invalid(field: name.rawValue, "is not properly percent-encoded UTF-8")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw .invalid(field: name.rawValue, "must be given once only")
            }
        }
        self.values = values
    }

    /// Whether the parameter is there, if only with an empty value.
    func has(_ name: Name) -> Bool { self.values[name] != nil }

    /// A value as it is, for types that check it themselves.
    func raw(_ name: Name) -> String? { self.values[name] }

    /// A text of 1 to 255 characters.
    func text(_ name: Name) throws -> String? {
        guard let value = self.values[name] else { return nil }
        try Limits.check(text: value, field: name.rawValue)
        return value
    }

    /// One of a closed set of words.
    func word<Word: RawRepresentable<String> & CaseIterable>(_ name: Name, _ type: Word.Type = Word.self) throws
        -> Word?
    {
        guard let value = self.values[name] else { return nil }
        guard let word = Word(rawValue: value) else {
            let allowed = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.invalid(field: name.rawValue, "must be one of \(allowed)")
        }
        return word
    }

    /// A GUID, with or without braces.
    func guid(_ name: Name) throws -> GUID? {
        guard let value = self.values[name] else { return nil }
        guard let guid = GUID(value) else { throw Problem.invalid(field: name.rawValue, PathParameters.guidExpected) }
        return guid
    }

    /// A moment in RFC 3339.
    func timestamp(_ name: Name) throws -> Timestamp? {
        guard let value = self.values[name] else { return nil }
        guard let timestamp = Timestamp(value) else {
            throw Problem.invalid(
                field: name.rawValue,
                "must be a time such as 2026-11-24T13:10:16Z (RFC 3339; write + as %2B)"
            )
        }
        return timestamp
    }

    /// A whole number within a range.
    func integer(_ name: Name, in range: ClosedRange<Int>) throws -> Int? {
        guard let value = self.values[name] else { return nil }
        guard let number = Int(value), range.contains(number), value.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }) else {
            throw Problem.invalid(
                field: name.rawValue,
                "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    /// The page that `cursor` and `limit` ask for.
    func page(of list: Cursor.List, cursor: Name, limit: Name) throws -> PageRequest {
        var after: Int64?
        if let text = self.values[cursor] {
            guard let position = Cursor(text, of: list)?.position else {
                throw Problem.invalid(field: cursor.rawValue, "must be the next of an earlier page of this list")
            }
            after = position
        }
        return PageRequest(after: after, limit: try self.integer(limit, in: 1...PageRequest.maximumLimit) ?? 50)
    }

    private static var known: String {
        guard !Name.allCases.isEmpty else { return "it has none" }
        return "it has " + Name.allCases.map(\.rawValue).joined(separator: ", ")
    }

    /// Undoes percent-encoding and `+` for a space, as forms are encoded; nil when it is malformed or not UTF-8.
    private static func decoded(_ text: Substring) -> String? {
        let utf8 = text.utf8
        guard utf8.contains(UInt8(ascii: "%")) || utf8.contains(UInt8(ascii: "+")) else { return String(text) }
        return PercentEncoding.decoded(utf8, plusIsSpace: true)
    }
}

/// The parameters of a route that has none.
enum NoParameter: String, CaseIterable, Hashable, Sendable {
    case none = ""

    static let allCases: [NoParameter] = []

    init?(rawValue: String) { nil }
}
