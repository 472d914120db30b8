package import BitLocker
package import EscrowModel

/// What an agent typed of what a caller said, and all that it can mean.
package struct CallersWords: Equatable, Sendable {
    /// One meaning: what is looked for.
    package enum Reading: Equatable, Sendable {
        case keyID(KeyFilter.KeyID)
        case deviceID(GUID)
        case deviceName(String)
        case serial(String)
        case owner(String)
    }

    /// What may be wrong with it, and so what to ask the caller.
    package enum Doubt: Equatable, Sendable {
        /// It looks like a Key ID of which digits are missing, or there are too many: so many there are.
        case digits(Int)
        /// It looks like a Key ID with letters that it cannot have; with digits in their place, each told as `O → 0`, it is this.
        case letters(read: String, changes: [String])
        /// It looks like a Key ID with characters that it cannot have, and that stand for nothing: these.
        case foreign(String)
        /// It is, or begins like, a recovery password, which belongs to the machine and not here.
        case recoveryPassword
    }

    /// Its meanings, the likeliest first; none when it is empty or should not be looked for.
    package let readings: [Reading]
    /// What may be wrong with it. It matters when nothing is found, or when what is found rests on it.
    package let doubt: Doubt?
    /// The first 8 digits, for when a longer Key ID is not known: then one of the others was misheard.
    package let firstDigits: KeyFilter.KeyID?

    /// Reads what was typed.
    package init(_ typed: String) {
        let text = String(typed.trimmingPrefix { $0.isWhitespace }.prefix(255)).trimmedAtEnd
        guard !text.isEmpty, !Self.isLikeRecoveryPassword(text) else {
            self.readings = []
            self.doubt = text.isEmpty ? nil : .recoveryPassword
            self.firstDigits = nil
            return
        }
        let said = text.uppercased().filter { !$0.isWhitespace && !"{}-".contains($0) }
        let read = String(said.map { Self.misheard[$0] ?? $0 })
        var readings: [Reading] = []
        var doubt: Doubt?
        var firstDigits: KeyFilter.KeyID?
        if let keyID = KeyFilter.KeyID(beginning: read) {
            readings.append(.keyID(keyID))
            if read != said { doubt = .letters(read: read, changes: Self.changes(in: said)) }
            if case .full(let id) = keyID { readings.append(.deviceID(id)) }
            if case .prefix = keyID {} else { firstDigits = KeyFilter.KeyID(beginning: String(read.prefix(8))) }
        } else if (5...40).contains(read.count), Self.isHex(read), said.contains(where: Self.isDecimal) {
            doubt = .digits(read.count)
        } else if read.count == 8, let foreign = Self.foreign(in: read) {
            doubt = .foreign(foreign)
        }
        readings += [.deviceName(text), .serial(text)]
        // Makers print serial numbers in capitals.
        if text != text.uppercased() { readings.append(.serial(text.uppercased())) }
        readings.append(.owner(text))
        self.readings = readings
        self.doubt = doubt
        self.firstDigits = firstDigits
    }

    /// Letters that a voice or an eye takes for digits.
    private static let misheard: [Character: Character] = ["O": "0", "I": "1", "L": "1", "S": "5", "Z": "2"]

    private static func changes(in said: String) -> [String] {
        var changes: [String] = []
        for letter in said {
            guard let digit = Self.misheard[letter], !changes.contains("\(letter) → \(digit)") else { continue }
            changes.append("\(letter) → \(digit)")
        }
        return changes
    }

    /// The one or two characters that keep a text from being a Key ID; nil when it is not like one.
    private static func foreign(in read: String) -> String? {
        let foreign = read.filter { !($0.isASCII && $0.isHexDigit) }
        guard (1...2).contains(foreign.count), read.count(where: Self.isDecimal) >= 3 else { return nil }
        return foreign.map { "\($0)" }.joined(separator: ", ")
    }

    private static func isHex(_ text: String) -> Bool { text.allSatisfy { $0.isASCII && $0.isHexDigit } }

    private static func isDecimal(_ character: Character) -> Bool { character.isASCII && character.isNumber }

    /// Whether it has two or more groups of six decimal digits, or as many digits as no Key ID has.
    private static func isLikeRecoveryPassword(_ text: String) -> Bool {
        let groups = text.split { $0 == "-" || $0.isWhitespace }
        return groups.count > 1 && groups.allSatisfy { $0.count == 6 && $0.allSatisfy(Self.isDecimal) }
            || groups.joined().count >= 36 && groups.joined().allSatisfy(Self.isDecimal)
    }
}

extension KeyFilter.KeyID {
    /// Reads the first 8 or more digits of a Key ID, up to all 32; nil for anything else.
    fileprivate init?(beginning digits: String) {
        guard (8...32).contains(digits.utf8.count), digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            return nil
        }
        guard digits.utf8.count > 8, digits.utf8.count < 32 else {
            self.init(readOut: digits)
            return
        }
        guard let from = GUID(digits: digits.padded(with: "0")), let to = GUID(digits: digits.padded(with: "F"))
        else { return nil }
        self = .beginning(from...to)
    }
}

extension GUID {
    /// Reads 32 hexadecimal digits.
    fileprivate init?(digits: String) {
        guard let high = UInt64(digits.prefix(16), radix: 16), let low = UInt64(digits.suffix(16), radix: 16) else {
            return nil
        }
        self.init(high: high, low: low)
    }
}

extension String {
    /// Filled up to the 32 digits of a GUID.
    fileprivate func padded(with digit: Character) -> String {
        self + String(repeating: digit, count: 32 - self.utf8.count)
    }

    /// Without white space at its end.
    fileprivate var trimmedAtEnd: String {
        var text = Substring(self)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
