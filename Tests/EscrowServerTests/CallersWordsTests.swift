import BitLocker
import EscrowModel
import EscrowServer
import Testing

/// What an agent typed of what a caller said.
@Suite("What a caller says")
struct CallersWordsTests {
    static let id = "8F595209-F5B9-49A0-85D4-CB8F80258C27"
    static let guid = GUID(high: 0x8F59_5209_F5B9_49A0, low: 0x85D4_CB8F_8025_8C27)

    /// The Key ID that a text is read as.
    func keyID(_ text: String) -> KeyFilter.KeyID? {
        for case .keyID(let keyID) in CallersWords(text).readings { return keyID }
        return nil
    }

    @Test(
        "the first 8 digits are a Key ID, in either case, with whatever people put between them",
        arguments: ["8F595209", "8f595209", " 8F59 5209 ", "8F59-5209", "{8F595209}", "8F595209-", "8 F 5 9 5 2 0 9"]
    )
    func eightDigits(text: String) {
        #expect(self.keyID(text) == .prefix(0x8F59_5209))
        #expect(CallersWords(text).doubt == nil && CallersWords(text).firstDigits == nil)
    }

    @Test(
        "all 32 are a Key ID, and may be a device's",
        arguments: [id, id.lowercased(), "{\(id)}", id.filter { $0 != "-" }]
    )
    func allDigits(text: String) {
        let words = CallersWords(text)
        #expect(words.readings.starts(with: [.keyID(.full(Self.guid)), .deviceID(Self.guid)]))
        #expect(words.firstDigits == .prefix(0x8F59_5209))
    }

    @Test("as many as the caller has read are the beginning of a Key ID", arguments: 9...31)
    func beginnings(count: Int) {
        let digits = String(Self.id.filter { $0 != "-" }.prefix(count))
        guard case .beginning(let range) = self.keyID(digits) else {
            Issue.record("\(digits) is not read as a beginning")
            return
        }
        #expect(range.contains(Self.guid))
        for end in [range.lowerBound, range.upperBound] {
            #expect(end.description.uppercased().filter { $0 != "-" }.hasPrefix(digits))
        }
        #expect(CallersWords(digits).firstDigits == .prefix(0x8F59_5209))
    }

    @Test("letters that an eye takes for digits are read as those, which is said")
    func misheard() {
        let words = CallersWords("8FS9SZO9")
        #expect(words.readings.first == .keyID(.prefix(0x8F59_5209)))
        #expect(words.doubt == .letters(read: "8F595209", changes: ["S → 5", "Z → 2", "O → 0"]))
        #expect(CallersWords("8F59520I").readings.first == .keyID(.prefix(0x8F59_5201)))
        #expect(CallersWords("8F59520l").readings.first == .keyID(.prefix(0x8F59_5201)))
        #expect(CallersWords("OOOOOOOO").doubt == .letters(read: "00000000", changes: ["O → 0"]))
    }

    @Test("too few or too many digits are counted", arguments: [5, 6, 7, 33, 36, 40])
    func counts(count: Int) {
        let digits = String(String(repeating: "8F595209AB", count: 4).prefix(count))
        #expect(CallersWords(digits).doubt == .digits(count))
        #expect(self.keyID(digits) == nil)
    }

    @Test(
        "characters that no Key ID has are named",
        arguments: [("8F59520G", "G"), ("8X59520T", "X, T"), ("8F5952?9", "?")]
    )
    func foreign(text: String, named: String) {
        #expect(CallersWords(text).doubt == .foreign(named))
        #expect(self.keyID(text) == nil)
    }

    @Test(
        "names, owners and serial numbers raise no doubt",
        arguments: [
            "LAPTOP-1", "kim@example.com", "Kim", "PF3XYZWQ", "WORKSTATION-0042", "K\u{F6}ln-7", "1", "12", "ab12",
        ]
    )
    func names(text: String) {
        let words = CallersWords(text)
        #expect(words.doubt == nil)
        let serials = text == text.uppercased() ? [text] : [text, text.uppercased()]
        #expect(words.readings == [.deviceName(text)] + serials.map { .serial($0) } + [.owner(text)])
    }

    @Test(
        "a recovery password is not looked for",
        arguments: [
            "639738-094402-289201-619399-659824-537581-181346-595881", "639738-094402", "639738 094402 289201",
            "639738094402289201619399659824537581181346595881", "6397380944022892016193996598245375811813465958",
            "639738 094402\t289201",
        ]
    )
    func recoveryPasswords(text: String) {
        #expect(CallersWords(text) == CallersWords("111111-111111"))
        #expect(CallersWords(text).readings.isEmpty)
        #expect(CallersWords(text).doubt == .recoveryPassword)
    }

    @Test("nothing is nothing", arguments: ["", " ", "\t\n"])
    func nothing(text: String) {
        #expect(CallersWords(text).readings.isEmpty && CallersWords(text).doubt == nil)
    }

    @Test(
        "whatever is typed, it is looked for as a name, a serial number and an owner, and never longer than those are"
    )
    func anything() {
        var generator = SystemRandomNumberGenerator()
        let characters = Array("0123456789abcdefABCDEFOILSZG -{}?\u{FC}\u{1F511}@._")
        for _ in 0..<2000 {
            let count = Int.random(in: 0...300, using: &generator)
            let text = String((0..<count).map { _ in characters.randomElement(using: &generator) ?? "0" })
            let words = CallersWords(text)
            guard !words.readings.isEmpty else { continue }
            for case .deviceName(let name) in words.readings {
                #expect(name.count <= 255 && !name.isEmpty && text.contains(name))
            }
            #expect(words.readings.contains { if case .owner = $0 { true } else { false } })
            if case .keyID = words.readings[0] {
                let digits = text.filter { !$0.isWhitespace && !"{}-".contains($0) }
                #expect((8...32).contains(digits.count))
            }
        }
    }
}
