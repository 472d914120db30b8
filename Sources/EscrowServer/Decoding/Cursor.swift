/// Where a page of a list begins, in a form that is opaque to clients and good for one list only.
struct Cursor: Equatable, Sendable {
    /// The lists that have pages. The raw value is the cursor's first letter.
    enum List: String, CaseIterable, Sendable {
        case keys = "k"
        case devices = "d"
        case audit = "a"
        case approvals = "p"
        case access = "x"
    }

    /// Which list it is of.
    let list: List
    /// The position after which the page begins.
    let position: Int64

    /// Makes a cursor from its parts.
    init(position: Int64, of list: List) {
        self.position = position
        self.list = list
    }

    /// Reads a cursor of a list; nil for anything but what `text` writes.
    init?(_ text: String, of list: List) {
        guard text.hasPrefix(list.rawValue), let position = Int64(text.dropFirst(), radix: 36) else { return nil }
        self.init(position: position, of: list)
        guard self.text == text else { return nil }
    }

    /// The text form, which needs no encoding in a query.
    var text: String { self.list.rawValue + String(self.position, radix: 36) }
}
