/// A JSON value that has exactly one sequence of bytes: the canonical form of RFC 8785, made small.
///
/// Every value of this type can be written canonically, since what would make that hard cannot be said with it:
/// numbers are integers within ±(2^53 - 1), and the keys of objects are printable ASCII, which sorts the same way in every language.
public enum CanonicalJSON: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A whole number that every JSON reader can hold.
    case integer(Integer)
    /// Any Unicode text; written as it is, without normalisation.
    case string(String)
    /// Values in order.
    case array([CanonicalJSON])
    /// Values by key.
    case object(Object)

    /// How deep objects and arrays may lie in each other, the outermost counted: the limit of the parser and of a record.
    public static let maximumDepth = 16

    /// The number of objects and arrays around the innermost value; 0 for a value that is neither.
    public var depth: Int {
        switch self {
        case .null, .bool, .integer, .string: 0
        case .array(let values): 1 + (values.lazy.map(\.depth).max() ?? 0)
        case .object(let object): 1 + (object.members.lazy.map(\.value.depth).max() ?? 0)
        }
    }
}

extension CanonicalJSON {
    /// A whole number within ±(2^53 - 1), the range in which every JSON reader is exact (RFC 8259, section 6).
    public struct Integer: Hashable, Sendable, ExpressibleByIntegerLiteral {
        /// The range a number may have.
        public static let range: ClosedRange<Int64> = -9_007_199_254_740_991...9_007_199_254_740_991

        /// The number.
        public let value: Int64

        /// Takes a number; nil when it is out of range.
        public init?(exactly number: some BinaryInteger) {
            guard let value = Int64(exactly: number), Self.range.contains(value) else { return nil }
            self.value = value
        }

        /// Takes a number, or the end of the range that is next to it.
        public init(clamping number: some BinaryInteger) {
            self.value = min(max(Int64(clamping: number), Self.range.lowerBound), Self.range.upperBound)
        }

        /// Takes a literal, which must be in range.
        public init(integerLiteral value: Int64) {
            precondition(Self.range.contains(value), "an integer in canonical JSON is within ±(2^53 - 1)")
            self.value = value
        }
    }

    /// A key of an object: printable ASCII (U+0020 to U+007E).
    public struct Key: Hashable, Sendable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
        /// The key's text.
        public let text: String

        /// Takes a text; nil when it has anything but printable ASCII.
        public init?(validating text: String) {
            guard text.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else { return nil }
            self.text = text
        }

        /// Takes a literal, which must be printable ASCII.
        public init(stringLiteral text: String) {
            precondition(text.utf8.allSatisfy { 0x20...0x7E ~= $0 }, "a key in canonical JSON is printable ASCII")
            self.text = text
        }

        init(checked text: String) { self.text = text }

        /// By ASCII code, which is the order of RFC 8785.
        public static func < (left: Key, right: Key) -> Bool { left.text < right.text }

        /// The key's text.
        public var description: String { self.text }
    }

    /// Values by key, each key once, kept in canonical order.
    public struct Object: Equatable, Sendable, ExpressibleByDictionaryLiteral {
        /// A key with its value.
        public struct Member: Equatable, Sendable {
            /// The key, unique in its object.
            public let key: Key
            /// The value.
            public let value: CanonicalJSON
        }

        /// Keys and values in canonical order.
        public private(set) var members: [Member]

        /// An object without members.
        public init() { self.members = [] }

        /// Takes keys and values in any order; each key may be there once.
        public init(dictionaryLiteral members: (Key, CanonicalJSON)...) {
            let members = members.map { Member(key: $0.0, value: $0.1) }.sorted { $0.key < $1.key }
            precondition(Self.firstRepeatedKey(of: members) == nil, "a key stands once in an object of canonical JSON")
            self.members = members
        }

        /// Takes members in any order; nil when a key is there twice.
        init?(members: [Member]) {
            var members = members
            if !zip(members, members.dropFirst()).allSatisfy({ $0.key < $1.key }) {
                members.sort { $0.key < $1.key }
                guard Self.firstRepeatedKey(of: members) == nil else { return nil }
            }
            self.members = members
        }

        /// The value of a key, nil where there is none; setting nil takes the member away.
        public subscript(key: Key) -> CanonicalJSON? {
            get { self.members.first { $0.key == key }?.value }
            set {
                let at = self.members.firstIndex { $0.key >= key } ?? self.members.endIndex
                let isThere = at < self.members.endIndex && self.members[at].key == key
                switch (newValue, isThere) {
                case (let value?, true): self.members[at] = Member(key: key, value: value)
                case (let value?, false): self.members.insert(Member(key: key, value: value), at: at)
                case (nil, true): self.members.remove(at: at)
                case (nil, false): break
                }
            }
        }

        private static func firstRepeatedKey(of sorted: [Member]) -> Key? {
            zip(sorted, sorted.dropFirst()).first { $0.key == $1.key }?.0.key
        }
    }
}

extension CanonicalJSON: Equatable {
    /// Whether both have the same canonical bytes.
    ///
    /// Strings are compared byte by byte: Swift's own `==` takes "é" written as one or as two code points for the same.
    public static func == (left: CanonicalJSON, right: CanonicalJSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

extension CanonicalJSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A bool.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An integer, which must be within ±(2^53 - 1).
    public init(integerLiteral value: Int64) { self = .integer(Integer(integerLiteral: value)) }
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An array.
    public init(arrayLiteral values: CanonicalJSON...) { self = .array(values) }
    /// An object; each key may be there once.
    public init(dictionaryLiteral members: (Key, CanonicalJSON)...) {
        var object = Object()
        for (key, value) in members {
            precondition(object[key] == nil, "a key stands once in an object of canonical JSON")
            object[key] = value
        }
        self = .object(object)
    }
}
