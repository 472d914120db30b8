import BitLocker
import EscrowModel

/// What an agent typed of what a caller said, and all that it can mean.
struct CallersWords: Equatable, Sendable {
    /// One meaning: what is looked for.
    enum Reading: Equatable, Sendable {
        case keyID(KeyFilter.KeyID)
        case deviceName(String)
        case serial(String)
        case owner(String)
    }

    /// What may be wrong with it, for when nothing is found.
    enum Doubt: Equatable, Sendable {
        /// It looks like a Key ID of which digits are missing, or too many: so many there are.
        case digits(Int)
        /// It looks like a Key ID with letters that it cannot have; read with digits in their place, it is this.
        case letters(String)
        /// It is, or begins like, a recovery password, which belongs to the machine and not here.
        case recoveryPassword
    }

    /// Its meanings, the likeliest first; none when it is empty or should not be looked for.
    let readings: [Reading]
    /// What may be wrong with it.
    let doubt: Doubt?

    /// Reads what was typed.
    init(_ typed: String) {
        let text = String(typed.trimmingPrefix { $0.isWhitespace }.prefix(255)).trimmedAtEnd
        let digits = text.filter { !$0.isWhitespace && !"{}-".contains($0) }.lowercased()
        guard !text.isEmpty else {
            self.readings = []
            self.doubt = nil
            return
        }
        guard !Self.isLikeRecoveryPassword(text) else {
            self.readings = []
            self.doubt = .recoveryPassword
            return
        }
        var readings: [Reading] = []
        var doubt: Doubt?
        let spoken = Self.withDigits(digits)
        if let keyID = KeyFilter.KeyID(readOut: text) {
            readings.append(.keyID(keyID))
        } else if digits.count == 8, spoken != digits, let keyID = KeyFilter.KeyID(readOut: spoken) {
            readings.append(.keyID(keyID))
            doubt = .letters(spoken.uppercased())
        } else if (5...40).contains(digits.count), Self.isHex(spoken), digits.contains(where: \.isNumber) {
            doubt = .digits(digits.count)
        }
        readings += [.deviceName(text), .serial(text), .owner(text)]
        self.readings = readings
        self.doubt = doubt
    }

    /// Letters that a voice or an eye takes for digits.
    private static func withDigits(_ text: String) -> String {
        String(text.map { ["o": "0", "i": "1", "l": "1", "s": "5", "z": "2", "g": "9"][$0] ?? $0 })
    }

    private static func isHex(_ text: String) -> Bool { text.allSatisfy { $0.isASCII && $0.isHexDigit } }

    /// Whether it has two or more groups of six decimal digits.
    private static func isLikeRecoveryPassword(_ text: String) -> Bool {
        let groups = text.split { $0 == "-" || $0 == " " }
        return groups.count > 1 && groups.allSatisfy { $0.count == 6 && $0.allSatisfy { $0.isASCII && $0.isNumber } }
            || text.count >= 36 && text.allSatisfy { $0.isASCII && $0.isNumber }
    }
}

extension String {
    /// Without white space at its end.
    fileprivate var trimmedAtEnd: String {
        var text = Substring(self)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
