import EscrowModel
import EscrowService
import Hummingbird

/// The query of the list of devices, as it is in addresses: of the list, of its table for spreadsheets, of saved views.
struct DeviceQuery: Sendable {
    /// Its parameters. A form sends those that are left empty too: they count as not given.
    enum Parameter: String, CaseIterable, Hashable, Sendable {
        case text = "q"
        case status
        case reason
        case group
        case unproven
        case stale
        case hold
        case retired
        case order
        case after
        case before
        case done
    }

    /// The parameters that say which devices, in the order in which addresses have them.
    private static let choosing: [Parameter] = [
        .text, .status, .reason, .group, .unproven, .stale, .hold, .retired, .order,
    ]

    private let values: [Parameter: String]
    /// Which devices.
    let filter: DeviceFilter
    /// Which page of them.
    let page: DevicePageRequest

    /// Reads the query of a request.
    init(of request: Request, at now: Timestamp, scope: Scope) throws {
        try self.init(request.uri.query ?? "", at: now, scope: scope)
    }

    /// Reads a query, without its question mark.
    init(_ text: String, at now: Timestamp, scope: Scope) throws {
        let query = try QueryParameters<Parameter>(query: text)
        var values: [Parameter: String] = [:]
        for name in Parameter.allCases {
            let value = query.raw(name)?.trimmed ?? ""
            if !value.isEmpty { values[name] = value }
        }
        func word<Word: RawRepresentable<String> & CaseIterable>(_ name: Parameter, _ type: Word.Type) throws -> Word? {
            values[name] == nil ? nil : try query.word(name, type)
        }
        var filter = DeviceFilter(scope: scope)
        if values[.text] != nil, let text = try query.text(.text) { filter.text = text.trimmed }
        filter.status = try word(.status, EscrowStatus.State.self)
        filter.reason = try word(.reason, EscrowStatus.Reason.self)
        if values[.group] != nil { filter.group = try query.text(.group) }
        filter.isUnproven = try word(.unproven, Yes.self) != nil
        if try word(.stale, Yes.self) != nil { filter.notSeenSince = now - FleetStanding.patience }
        filter.isOnLegalHold = try word(.hold, Yes.self) != nil
        filter.isRetired = try word(.retired, Yes.self) != nil
        filter.order = try word(.order, DeviceFilter.Order.self) ?? .name
        self.values = values
        self.filter = filter
        let after = try Self.position(values[.after], of: filter.orderInForce, .after)
        let before = try Self.position(values[.before], of: filter.orderInForce, .before)
        self.page = DevicePageRequest(after.map { .after($0) } ?? before.map { .before($0) })
    }

    private enum Yes: String, CaseIterable { case yes }

    /// What the list is to be told after something was done.
    var done: String { self.values[.done] ?? "" }

    /// What was typed or chosen for a parameter.
    func value(_ name: Parameter) -> String { self.values[name] ?? "" }

    /// Whether anything narrows the list.
    var isNarrowed: Bool { Self.choosing.contains { $0 != .order && self.values[$0] != nil } }

    /// How many of the conditions that are folded away hold.
    var moreConditions: Int {
        [Parameter.reason, .group, .unproven, .stale, .hold, .retired].count { self.values[$0] != nil }
    }

    /// The query that chooses the same devices, without a page.
    var text: String { Self.text(self.values) }

    /// The same without one condition.
    func without(_ name: Parameter) -> String {
        var values = self.values
        values[name] = nil
        return Self.text(values)
    }

    private static func text(_ values: [Parameter: String]) -> String {
        self.choosing.compactMap { name in
            values[name].map { "\(name.rawValue)=\(PercentEncoding.encoded($0))" }
        }
        .joined(separator: "&")
    }

    /// The address of the page beyond a place.
    func path(_ edge: Parameter, _ position: DevicePosition) -> String {
        let text = self.text
        return "/devices?\(text)\(text.isEmpty ? "" : "&")\(edge.rawValue)=\(Self.text(of: position))"
    }

    /// A place as addresses have it: its row and what orders it, for names the hexadecimal digits of their bytes.
    private static func text(of position: DevicePosition) -> String {
        let row = String(position.row, radix: 36)
        switch position.key {
        case .day(let day): return "d\(row).\(day)"
        case .name(let name):
            let digits = name.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            return "n\(row).\(digits.joined())"
        }
    }

    private static func position(
        _ text: String?,
        of order: DeviceFilter.Order,
        _ name: Parameter
    ) throws -> DevicePosition? {
        guard let text else { return nil }
        let parts = text.dropFirst().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let row = Int64(parts[0], radix: 36), row >= 0,
            let key = Self.key(parts[1], text.first == "n"), (text.first == "n") == (order == .name),
            "nd".contains(text.prefix(1))
        else { throw Problem.invalid(field: name.rawValue, "must be of another page of this list") }
        return DevicePosition(key: key, row: row)
    }

    private static func key(_ text: Substring, _ isName: Bool) -> DevicePosition.Key? {
        guard isName else { return Int64(text).map { .day($0) } }
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2), digits.count <= 8 * Limits.text else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
        guard bytes.count * 2 == digits.count else { return nil }
        return String(validating: bytes, as: UTF8.self).map { .name($0) }
    }
}

extension String {
    /// Without the spaces before and after it.
    fileprivate var trimmed: String {
        let isSpace = { (character: Character) in character.isWhitespace }
        guard let first = self.firstIndex(where: { !isSpace($0) }), let last = self.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(self[first...last])
    }
}
