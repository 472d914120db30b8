extension CanonicalJSON {
    /// Reads one JSON value, which fills all the bytes but for white space around it.
    ///
    /// Any spacing, order of keys and way to escape is understood, so that a file which went through somebody's tool can still
    /// be checked; write the value again to get the canonical bytes. What has no canonical form here is refused: see ``ParseError/Reason``.
    public init(parsing bytes: [UInt8]) throws(ParseError) {
        try self.init(parsing: bytes, maximumDepth: Self.maximumDepth)
    }

    init(parsing bytes: [UInt8], maximumDepth: Int) throws(ParseError) {
        var parser = Parser(bytes: bytes, depthLeft: maximumDepth)
        self = try parser.document()
    }

    /// Why bytes are not a JSON value that this library takes.
    public struct ParseError: Error, Hashable, CustomStringConvertible {
        /// What is wrong.
        public enum Reason: String, Hashable, Sendable {
            /// The bytes end in the middle of a value.
            case unexpectedEnd = "the value is cut short"
            /// Something stands where JSON does not allow it.
            case unexpectedCharacter = "this is not JSON"
            /// More bytes follow the value.
            case trailingBytes = "something follows the value"
            /// A fraction or an exponent.
            case notAnInteger = "only integers are allowed, without fraction, exponent or leading zero"
            /// An integer out of range.
            case integerOutOfRange = "an integer must be within ±(2^53 - 1)"
            /// A key that stands in its object a second time.
            case duplicateKey = "a key stands twice in one object"
            /// A key with something else than printable ASCII.
            case keyNotASCII = "a key must be printable ASCII"
            /// Objects and arrays nested too deep.
            case tooDeep = "objects and arrays may be nested 16 deep"
            /// A control character that is not escaped, or an escape that does not exist.
            case invalidString = "a string has a control character or an unknown escape"
            /// Bytes that are not UTF-8.
            case invalidUTF8 = "a string is not valid UTF-8"
            /// Half of a surrogate pair.
            case unpairedSurrogate = "a string has half of a surrogate pair"
        }

        /// What is wrong.
        public let reason: Reason
        /// Where: the offset of the byte, from 0.
        public let offset: Int

        /// A sentence for people.
        public var description: String { "\(self.reason.rawValue) (at byte \(self.offset))" }
    }
}

/// A recursive-descent reader over bytes; the depth limit bounds its recursion.
private struct Parser {
    typealias Failure = CanonicalJSON.ParseError

    let bytes: [UInt8]
    var depthLeft: Int
    var at = 0

    init(bytes: [UInt8], depthLeft: Int) {
        self.bytes = bytes
        self.depthLeft = depthLeft
    }

    mutating func document() throws(Failure) -> CanonicalJSON {
        let value = try self.value()
        self.skipSpace()
        guard self.at == self.bytes.count else { throw self.failure(.trailingBytes) }
        return value
    }

    private mutating func value() throws(Failure) -> CanonicalJSON {
        self.skipSpace()
        switch try self.peek() {
        case UInt8(ascii: "{"): return .object(try self.object())
        case UInt8(ascii: "["): return .array(try self.array())
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .integer(try self.integer())
        case UInt8(ascii: "t"):
            try self.word("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try self.word("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try self.word("null")
            return .null
        default: throw self.failure(.unexpectedCharacter)
        }
    }

    private mutating func object() throws(Failure) -> CanonicalJSON.Object {
        let start = self.at
        try self.descend()
        var members: [CanonicalJSON.Object.Member] = []
        self.skipSpace()
        if try self.peek() == UInt8(ascii: "}") {
            self.at += 1
        } else {
            repeat {
                self.skipSpace()
                let keyAt = self.at
                guard try self.peek() == UInt8(ascii: "\"") else { throw self.failure(.unexpectedCharacter) }
                guard let key = CanonicalJSON.Key(validating: try self.string()) else {
                    throw self.failure(.keyNotASCII, at: keyAt)
                }
                self.skipSpace()
                guard try self.peek() == UInt8(ascii: ":") else { throw self.failure(.unexpectedCharacter) }
                self.at += 1
                members.append(.init(key: key, value: try self.value()))
            } while try self.another(before: UInt8(ascii: "}"))
        }
        self.depthLeft += 1
        guard let object = CanonicalJSON.Object(members: members) else { throw self.failure(.duplicateKey, at: start) }
        return object
    }

    private mutating func array() throws(Failure) -> [CanonicalJSON] {
        try self.descend()
        var values: [CanonicalJSON] = []
        self.skipSpace()
        if try self.peek() == UInt8(ascii: "]") {
            self.at += 1
        } else {
            repeat { values.append(try self.value()) } while try self.another(before: UInt8(ascii: "]"))
        }
        self.depthLeft += 1
        return values
    }

    private mutating func descend() throws(Failure) {
        guard self.depthLeft > 0 else { throw self.failure(.tooDeep) }
        self.depthLeft -= 1
        self.at += 1
    }

    private mutating func another(before end: UInt8) throws(Failure) -> Bool {
        self.skipSpace()
        let next = try self.peek()
        guard next == end || next == UInt8(ascii: ",") else { throw self.failure(.unexpectedCharacter) }
        self.at += 1
        return next != end
    }

    private mutating func integer() throws(Failure) -> CanonicalJSON.Integer {
        let start = self.at
        let isNegative = self.bytes[start] == UInt8(ascii: "-")
        if isNegative { self.at += 1 }
        let firstDigit = self.at
        var magnitude: Int64 = 0
        while self.at < self.bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= self.bytes[self.at] {
            guard self.at - firstDigit < 16 else { throw self.failure(.integerOutOfRange, at: start) }
            magnitude = magnitude * 10 + Int64(self.bytes[self.at] - UInt8(ascii: "0"))
            self.at += 1
        }
        let digits = self.at - firstDigit
        guard digits > 0 else {
            throw self.failure(self.at == self.bytes.count ? .unexpectedEnd : .unexpectedCharacter)
        }
        let hasLeadingZero = self.bytes[firstDigit] == UInt8(ascii: "0") && (digits > 1 || isNegative)
        let hasFraction = self.at < self.bytes.count && [0x2E, 0x45, 0x65].contains(self.bytes[self.at])
        guard !hasLeadingZero, !hasFraction else { throw self.failure(.notAnInteger, at: start) }
        guard let integer = CanonicalJSON.Integer(exactly: isNegative ? -magnitude : magnitude) else {
            throw self.failure(.integerOutOfRange, at: start)
        }
        return integer
    }

    private mutating func string() throws(Failure) -> String {
        let start = self.at
        self.at += 1
        let plain = self.plainRun()
        if try self.peek() == UInt8(ascii: "\"") {
            self.at += 1
            return try self.text(self.bytes[plain], startingAt: start)
        }
        var decoded = Array(self.bytes[plain])
        while true {
            switch try self.peek() {
            case UInt8(ascii: "\""):
                self.at += 1
                return try self.text(decoded[...], startingAt: start)
            case UInt8(ascii: "\\"): try self.escape(into: &decoded)
            default: throw self.failure(.invalidString)
            }
            decoded.append(contentsOf: self.bytes[self.plainRun()])
        }
    }

    /// Passes over bytes that stand for themselves.
    private mutating func plainRun() -> Range<Int> {
        let start = self.at
        while self.at < self.bytes.count {
            let byte = self.bytes[self.at]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { break }
            self.at += 1
        }
        return start..<self.at
    }

    private func text(_ utf8: ArraySlice<UInt8>, startingAt start: Int) throws(Failure) -> String {
        do { return String(copying: try UTF8Span(validating: utf8.span)) } catch {
            throw self.failure(.invalidUTF8, at: start)
        }
    }

    private mutating func escape(into decoded: inout [UInt8]) throws(Failure) {
        let start = self.at
        self.at += 1
        let letter = try self.peek()
        self.at += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(letter)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "u"): decoded.append(contentsOf: String(Character(try self.scalar(startingAt: start))).utf8)
        default: throw self.failure(.invalidString, at: start)
        }
    }

    /// Reads the four digits after `\u`, and the second half of a surrogate pair where the first half came.
    private mutating func scalar(startingAt start: Int) throws(Failure) -> Unicode.Scalar {
        let unit = try self.fourHexDigits()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, self.at + 1 < self.bytes.count, self.bytes[self.at] == UInt8(ascii: "\\"),
            self.bytes[self.at + 1] == UInt8(ascii: "u")
        else { throw self.failure(.unpairedSurrogate, at: start) }
        self.at += 2
        let second = try self.fourHexDigits()
        guard 0xDC00...0xDFFF ~= second,
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00))
        else { throw self.failure(.unpairedSurrogate, at: start) }
        return scalar
    }

    private mutating func fourHexDigits() throws(Failure) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let value = Hexadecimal.value(of: try self.peek()) else { throw self.failure(.invalidString) }
            unit = unit << 4 | UInt32(value)
            self.at += 1
        }
        return unit
    }

    private mutating func word(_ word: StaticString) throws(Failure) {
        for offset in 0..<word.utf8CodeUnitCount {
            guard try self.peek() == word.utf8Start[offset] else { throw self.failure(.unexpectedCharacter) }
            self.at += 1
        }
    }

    private mutating func skipSpace() {
        while self.at < self.bytes.count {
            switch self.bytes[self.at] {
            case 0x20, 0x09, 0x0A, 0x0D: self.at += 1
            default: return
            }
        }
    }

    private func peek() throws(Failure) -> UInt8 {
        guard self.at < self.bytes.count else { throw self.failure(.unexpectedEnd) }
        return self.bytes[self.at]
    }

    private func failure(_ reason: Failure.Reason, at offset: Int? = nil) -> Failure {
        Failure(reason: reason, offset: offset ?? self.at)
    }
}
