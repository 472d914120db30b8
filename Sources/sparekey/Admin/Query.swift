import EscrowAPI

/// The query of a request: only what was given, percent-encoded.
struct Query {
    private var parts: [String] = []

    /// Adds a parameter, unless it has no value.
    mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        self.parts.append("\(name)=\(PercentEncoding.encode(value))")
    }

    /// The path with the query.
    func target(_ path: String) -> String {
        self.parts.isEmpty ? path : path + "?" + self.parts.joined(separator: "&")
    }
}

extension AdminConnection {
    /// Gets the items of all pages of a list, or of as many as it takes for a limit.
    func list<Item: Codable & Sendable>(_ path: String, _ query: Query, limit: Int?) async throws -> [Item] {
        var items: [Item] = []
        var cursor: String?
        repeat {
            var page = query
            page.add("limit", String(min(500, (limit ?? .max) - items.count)))
            page.add("cursor", cursor)
            let document: PageDocument<Item> = try await self.get(page.target(path))
            items += document.items
            cursor = document.next
        } while cursor != nil && items.count < limit ?? .max
        return items
    }
}
