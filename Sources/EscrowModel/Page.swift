/// One page of a list, and where the next one begins.
package struct Page<Item: Sendable>: Sendable {
    /// The items, at most as many as were asked for.
    package var items: [Item]
    /// The position after which the next page begins; nil on the last page.
    package var next: Int64?

    /// Makes a page from its parts.
    package init(items: [Item], next: Int64?) {
        self.items = items
        self.next = next
    }

    /// The same page with each item turned into another.
    package func map<Other: Sendable>(_ transform: (Item) -> Other) -> Page<Other> {
        Page<Other>(items: self.items.map(transform), next: self.next)
    }
}

/// Which page of a list is wanted.
package struct PageRequest: Equatable, Sendable {
    /// The most items that one page holds.
    package static let maximumLimit = 500

    /// The position after which the page begins; nil for the first.
    package let after: Int64?
    /// How many items at most, 1 to 500.
    package let limit: Int

    /// Makes a request for a page.
    package init(after: Int64? = nil, limit: Int = 50) {
        self.after = after
        self.limit = min(max(limit, 1), Self.maximumLimit)
    }
}
