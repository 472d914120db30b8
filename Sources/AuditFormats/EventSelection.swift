package import EscrowModel

/// Which events somebody wants to have.
package struct EventSelection: Equatable, Sendable {
    /// Why a pattern is refused.
    package struct UnknownPattern: Error, Equatable, CustomStringConvertible {
        /// The pattern.
        package let pattern: String

        /// A sentence for people.
        package var description: String {
            "there is no kind of event \"\(self.pattern)\"; write one such as key.disclosed, or key.* for all of a noun"
        }
    }

    private let kinds: Set<String>?
    private let severity: EventSeverity

    /// Everything.
    package static let everything = EventSelection(kinds: nil, severity: .informational)

    private init(kinds: Set<String>?, severity: EventSeverity) {
        self.kinds = kinds
        self.severity = severity
    }

    /// Makes a selection.
    ///
    /// - Parameters:
    ///   - patterns: kinds of events, such as `key.disclosed`, or `key.*` for all of a noun; nil for all.
    ///   - severity: how grave an event must be at least.
    package init(patterns: [String]?, severity: EventSeverity = .informational) throws(UnknownPattern) {
        guard let patterns else {
            self.init(kinds: nil, severity: severity)
            return
        }
        var kinds: Set<String> = []
        for pattern in patterns {
            let prefix = pattern.hasSuffix(".*") ? pattern.dropLast() : nil
            let found = AuditEvent.Kind.allCases.map(\.rawValue).filter { kind in
                prefix.map { kind.hasPrefix($0) } ?? (kind == pattern)
            }
            guard !found.isEmpty else { throw UnknownPattern(pattern: pattern) }
            kinds.formUnion(found)
        }
        self.init(kinds: kinds, severity: severity)
    }

    /// Whether an entry is wanted. Of one whose record was erased the severity is that of its kind.
    package func includes(_ entry: AuditListing) -> Bool {
        if let kinds, !kinds.contains(entry.kind) { return false }
        guard self.severity > .informational else { return true }
        return LoggedRecord(entry).meaning.severity >= self.severity
    }
}
