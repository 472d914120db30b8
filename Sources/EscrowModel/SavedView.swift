/// A filter of the device list that somebody keeps under a name.
package struct SavedView: Equatable, Sendable {
    /// The most that one person keeps.
    package static let limit = 20
    /// The most characters of a name.
    package static let nameLimit = 40
    /// The most bytes of a query.
    package static let queryLimit = 1000

    /// What its owner calls it.
    package let name: String
    /// The list's query, as it is in the address.
    package let query: String

    /// Makes a view from its parts.
    package init(name: String, query: String) {
        self.name = name
        self.query = query
    }
}
