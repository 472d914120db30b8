import BitLocker
import Testing

@Suite("Recovery password")
struct RecoveryPasswordTests {
    static let text = "111683-110022-683298-209352-468105-648483-571252-334455"
    static let bytes = [UInt8](hex: "a9271227a6f2584a3ba649e6dccac576")

    static func digits(_ password: borrowing RecoveryPassword) -> String {
        password.withDigits { String(decoding: [UInt8]($0), as: UTF8.self) }
    }

    static func error(_ text: String) -> RecoveryPasswordError? {
        do throws(RecoveryPasswordError) {
            _ = try RecoveryPassword(parsing: text)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "what people type and paste is read",
        arguments: [
            text,
            "111683110022683298209352468105648483571252334455",
            "111683 110022 683298 209352 468105 648483 571252 334455",
            "  111683-110022-683298-209352-\n    468105-648483-571252-334455\r\n",
            "111683\u{A0}110022\u{A0}683298\u{A0}209352\u{A0}468105\u{A0}648483\u{A0}571252\u{A0}334455",
            "111683–110022—683298‐209352‑468105−648483﹣571252－334455",
            "１１１６８３－１１００２２－６８３２９８－２０９３５２－４６８１０５－６４８４８３－５７１２５２－３３４４５５",
            "\u{FEFF}111683\t110022\u{200B}683298\u{2003}209352\u{3000}468105\u{AD}648483-\u{2060}571252-334455\u{2028}",
            "111-683 110-022 683-298 209-352 468-105 648-483 571-252 334-455",
            "1 1 1 6 8 3 1 1 0 0 2 2 6 8 3 2 9 8 2 0 9 3 5 2 4 6 8 1 0 5 6 4 8 4 8 3 5 7 1 2 5 2 3 3 4 4 5 5",
        ]
    )
    func forms(_ text: String) throws {
        let password = try RecoveryPassword(parsing: text)
        #expect(password.withBytes { [UInt8]($0) } == Self.bytes)
        #expect(Self.digits(password) == Self.text)
        let fromBytes = try RecoveryPassword(parsing: Array(text.utf8))
        let same = fromBytes.matches(password)
        #expect(same)
    }

    @Test("each wrong group is named, with why", arguments: 0..<8)
    func wrongGroups(_ group: Int) {
        var groups = Self.text.split(separator: "-").map { String($0) }
        let whole = groups[group]
        groups[group] = String((Int(whole)! + 1) % 1_000_000)
        #expect(Self.error(groups.joined(separator: "-")) == .notDivisibleBy11(group: group + 1))
        groups[group] = "720896"
        #expect(Self.error(groups.joined(separator: "-")) == .outOfRange(group: group + 1))
        groups[group] = "999999"  // 11 * 90909
        #expect(Self.error(groups.joined(separator: "-")) == .outOfRange(group: group + 1))
        groups[group] = "720885"
        #expect(Self.error(groups.joined(separator: "-")) == nil)
        groups[group] = String(whole.dropLast())
        #expect(Self.error(groups.joined(separator: "-")) == .wrongGroupLength(group: group + 1, digits: 5))
        groups[group] = whole + "0"
        #expect(Self.error(groups.joined(separator: " ")) == .wrongGroupLength(group: group + 1, digits: 7))
        groups[group] = ""
        #expect(Self.error(groups.joined(separator: "-")) == .wrongLength(digits: 42))
    }

    @Test("every single mistyped digit and every swap of neighbours in a group is found")
    func typingMistakes() {
        let characters = Array(Self.text)
        for index in characters.indices where characters[index] != "-" {
            for digit in "0123456789" where digit != characters[index] {
                var changed = characters
                changed[index] = digit
                #expect(Self.error(String(changed))?.group == index / 7 + 1)
            }
            if index % 7 < 5, characters[index] != characters[index + 1] {
                var swapped = characters
                swapped.swapAt(index, index + 1)
                #expect(Self.error(String(swapped)) == .notDivisibleBy11(group: index / 7 + 1))
            }
        }
    }

    @Test(
        "what is not a recovery password is refused",
        arguments: [
            ("", .wrongLength(digits: 0)),
            ("   ", .wrongLength(digits: 0)),
            ("111683", .wrongLength(digits: 6)),
            (text + "-111683", .wrongLength(digits: 54)),
            (text + "0", .wrongGroupLength(group: 8, digits: 7)),
            (String(repeating: "0", count: 10_000), .wrongLength(digits: 10_000)),
            ("+11683-110022-683298-209352-468105-648483-571252-334455", .unexpectedCharacter(position: 1)),
            ("111683-11O022-683298-209352-468105-648483-571252-334455", .unexpectedCharacter(position: 10)),
            ("111683,110022,683298,209352,468105,648483,571252,334455", .unexpectedCharacter(position: 7)),
            ("\u{661}11683-110022-683298-209352-468105-648483-571252-334455", .unexpectedCharacter(position: 1)),
            ("956714-110022-683298-209352-468105-648483-571252-334455", .outOfRange(group: 1)),
        ] as [(String, RecoveryPasswordError)]
    )
    func refused(_ text: String, _ expected: RecoveryPasswordError) {
        #expect(Self.error(text) == expected)
    }

    @Test("UTF-8 that is malformed is refused, not read")
    func malformedText() {
        for tail: [UInt8] in [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xEF, 0xBC]] {
            #expect(throws: RecoveryPasswordError.unexpectedCharacter(position: 56)) {
                _ = try RecoveryPassword(parsing: Array(Self.text.utf8) + tail)
            }
        }
    }

    @Test("no error gives a digit of the password away")
    func errorsAreSilent() {
        for text in [Self.text.replacing("683298", with: "683299"), Self.text.replacing("683298", with: "987657")] {
            let description = Self.error(text)?.description ?? ""
            #expect(description.contains("the third group again"))
            #expect(!description.contains { $0.isNumber })
        }
    }

    @Test("any 16 bytes are a recovery password, and are the same after formatting and parsing")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let password = RecoveryPassword.generate(using: &generator)
            let again = try RecoveryPassword(parsing: Self.digits(password))
            let same = again.matches(password)
            #expect(same)
        }
        for byte: UInt8 in [0, 0xFF] {
            let password = try unwrap(RecoveryPassword(bytes: [UInt8](repeating: byte, count: 16)))
            let again = try RecoveryPassword(parsing: Self.digits(password))
            #expect(again.withBytes { [UInt8]($0) } == [UInt8](repeating: byte, count: 16))
        }
    }

    @Test("other numbers of bytes are not", arguments: [0, 15, 17, 32])
    func wrongByteCounts(_ count: Int) {
        #expect(throws: NothingThere.self) {
            _ = try unwrap(RecoveryPassword(bytes: [UInt8](repeating: 0, count: count)))
        }
        #expect(throws: NothingThere.self) {
            _ = try unwrap(RecoveryPassword(bytes: [UInt8](repeating: 0, count: count).span))
        }
    }

    @Test("two passwords that differ in one bit do not match")
    func matching() throws {
        let password = try RecoveryPassword(parsing: Self.text)
        for bit in 0..<128 {
            var bytes = Self.bytes
            bytes[bit / 8] ^= UInt8(1 << (bit % 8))
            let other = try unwrap(RecoveryPassword(bytes: bytes))
            let same = password.matches(other)
            #expect(!same)
        }
    }
}
