import AuditLog
import Foundation
import Testing

@Suite("Canonical JSON")
struct CanonicalJSONTests {
    struct Case: Decodable {
        let loose: Data
        let canonical: Data
    }

    @Test(
        "What another implementation of RFC 8785 wrote comes out the same, whatever spacing, escapes and order it had"
    )
    func agreesWithRFC8785() throws {
        let cases: [Case] = try Vectors.load("canonical-json.json")
        #expect(cases.count == 150)
        for testCase in cases {
            let value = try CanonicalJSON(parsing: Array(testCase.loose))
            #expect(value.bytes == Array(testCase.canonical))
            #expect(try CanonicalJSON(parsing: value.bytes) == value)
        }
    }

    @Test(
        "A value is written in the one form that RFC 8785 allows",
        arguments: [
            (.null, "null"),
            (true, "true"),
            (false, "false"),
            (0, "0"),
            (-1, "-1"),
            (9_007_199_254_740_991, "9007199254740991"),
            (-9_007_199_254_740_991, "-9007199254740991"),
            ("", #""""#),
            ("plain", #""plain""#),
            ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
            ("\u{0}\u{1F}\u{7F}", "\"\\u0000\\u001f\u{7F}\""),
            (#"quote " slash / backslash \"#, #""quote \" slash / backslash \\""#),
            ("€ \u{2028} 😀 e\u{301}", "\"€ \u{2028} 😀 e\u{301}\""),
            ([], "[]"),
            ([1, [2, []], .null], "[1,[2,[]],null]"),
            ([:], "{}"),
            (["b": 1, "a": 2, "B": 3, "": 4, "aa": 5], #"{"":4,"B":3,"a":2,"aa":5,"b":1}"#),
            ([#"quote""#: [:]], #"{"quote\"":{}}"#),
        ] as [(CanonicalJSON, String)]
    )
    func encode(value: CanonicalJSON, text: String) throws {
        #expect(String(decoding: value.bytes, as: UTF8.self) == text)
        #expect(try CanonicalJSON(parsing: Array(text.utf8)) == value)
    }

    @Test(
        "A value that is written in another way is read, and comes out canonical",
        arguments: [
            (" { \"b\" : [ 1 , 2 ] ,\r\n\t\"a\" : \"\\u0041\\/\\u00e9\" } ", "{\"a\":\"A/é\",\"b\":[1,2]}"),
            ("\"\\uD83D\\uDE00\"", "\"😀\""),
            ("\"\\u0000\\u000A\"", "\"\\u0000\\n\""),
            ("\"\\ud7ff\\ue000\"", "\"\u{D7FF}\u{E000}\""),
        ]
    )
    func canonicalise(loose: String, canonical: String) throws {
        let value = try CanonicalJSON(parsing: Array(loose.utf8))
        #expect(String(decoding: value.bytes, as: UTF8.self) == canonical)
    }

    @Test(
        "What has no canonical form is refused, with the reason and the place",
        arguments: [
            ("", .unexpectedEnd, 0),
            ("  ", .unexpectedEnd, 2),
            ("{", .unexpectedEnd, 1),
            (#"{"a""#, .unexpectedEnd, 4),
            (#"{"a":"#, .unexpectedEnd, 5),
            (#"{"a":1"#, .unexpectedEnd, 6),
            ("[1,", .unexpectedEnd, 3),
            (#""abc"#, .unexpectedEnd, 4),
            (#""\u00"#, .unexpectedEnd, 5),
            ("tru", .unexpectedEnd, 3),
            ("-", .unexpectedEnd, 1),
            ("nul!", .unexpectedCharacter, 3),
            ("-x", .unexpectedCharacter, 1),
            ("+1", .unexpectedCharacter, 0),
            ("'a'", .unexpectedCharacter, 0),
            ("[1 2]", .unexpectedCharacter, 3),
            ("[1,]", .unexpectedCharacter, 3),
            ("{,}", .unexpectedCharacter, 1),
            (#"{"a":1,}"#, .unexpectedCharacter, 7),
            ("{a:1}", .unexpectedCharacter, 1),
            (#"{"a" 1}"#, .unexpectedCharacter, 5),
            ("1 2", .trailingBytes, 2),
            ("{}x", .trailingBytes, 2),
            ("1.0", .notAnInteger, 0),
            ("[1e3]", .notAnInteger, 1),
            ("1E3", .notAnInteger, 0),
            ("01", .notAnInteger, 0),
            ("-0", .notAnInteger, 0),
            ("9007199254740992", .integerOutOfRange, 0),
            ("-9007199254740992", .integerOutOfRange, 0),
            ("99999999999999999999", .integerOutOfRange, 0),
            (#"{"a":1,"b":2,"a":3}"#, .duplicateKey, 0),
            (#"{"a":1,"\u0061":3}"#, .duplicateKey, 0),
            (#"{"é":1}"#, .keyNotASCII, 1),
            (#"{"\n":1}"#, .keyNotASCII, 1),
            ("\"\u{1}\"", .invalidString, 1),
            ("\"\n\"", .invalidString, 1),
            (#""\x""#, .invalidString, 1),
            (#""\u00g0""#, .invalidString, 5),
            (#""\ud800""#, .unpairedSurrogate, 1),
            (#""\ud800x""#, .unpairedSurrogate, 1),
            (#""\ud800\n""#, .unpairedSurrogate, 1),
            (#""\ud800\ud800""#, .unpairedSurrogate, 1),
            (#""\udc00\ud800""#, .unpairedSurrogate, 1),
        ] as [(String, CanonicalJSON.ParseError.Reason, Int)]
    )
    func refuse(text: String, reason: CanonicalJSON.ParseError.Reason, offset: Int) throws {
        let error = #expect(throws: CanonicalJSON.ParseError.self) { try CanonicalJSON(parsing: Array(text.utf8)) }
        #expect(error?.reason == reason)
        #expect(error?.offset == offset)
    }

    @Test(
        "Bytes that are not UTF-8 are refused in a string",
        arguments: [[0x80], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF]] as [[UInt8]]
    )
    func notUTF8(bytes: [UInt8]) {
        for text in [[0x22] + bytes + [0x22], [0x22, 0x5C, 0x6E] + bytes + [0x22]] {
            let error = #expect(throws: CanonicalJSON.ParseError.self) { try CanonicalJSON(parsing: text) }
            #expect(error?.reason == .invalidUTF8)
        }
    }

    @Test("Nesting is read 16 deep and not deeper, so that hostile bytes cannot exhaust the stack")
    func depth() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(try CanonicalJSON(parsing: nested(16)).depth == 16)
        let error = #expect(throws: CanonicalJSON.ParseError.self) { try CanonicalJSON(parsing: nested(17)) }
        #expect(error?.reason == .tooDeep)
        #expect(throws: CanonicalJSON.ParseError.self) { try CanonicalJSON(parsing: nested(1_000_000)) }
        // Values beside each other are not deeper than one of them.
        #expect(try CanonicalJSON(parsing: Array("[[],[],[[]]]".utf8)).depth == 3)
    }

    @Test("Every prefix of a value is refused, and so is every value with a byte flipped unless it is another value")
    func mutations() throws {
        let text: [UInt8] = Array(#"{"a":[1,-20,"x\u00e9\n"],"b":{"c":null,"d":true}}"#.utf8)
        let value = try CanonicalJSON(parsing: text)
        for end in text.indices {
            #expect(throws: CanonicalJSON.ParseError.self) { try CanonicalJSON(parsing: Array(text[..<end])) }
        }
        for at in text.indices {
            for bit in 0..<8 {
                var changed = text
                changed[at] ^= 1 << bit
                guard let other = try? CanonicalJSON(parsing: changed) else { continue }
                // The case of the hexadecimal digits in an escape is the one thing here that means nothing.
                #expect(other != value || changed[at] ^ text[at] == 0x20)
            }
        }
    }

    @Test("Texts that look the same but are other bytes are not equal")
    func equality() {
        let composed: CanonicalJSON = ["text": "\u{E9}"]
        let decomposed: CanonicalJSON = ["text": "e\u{301}"]
        #expect(composed != decomposed)
        #expect(composed.bytes != decomposed.bytes)
    }

    @Test("Members are set, replaced and taken away by key, and stay in order")
    func members() {
        var object: CanonicalJSON.Object = ["m": 1]
        object["z"] = 2
        object["a"] = 3
        object["m"] = 4
        #expect(object == ["a": 3, "m": 4, "z": 2])
        #expect(object["m"] == 4)
        #expect(object["b"] == nil)
        object["m"] = nil
        object["q"] = nil
        #expect(String(decoding: object.bytes, as: UTF8.self) == #"{"a":3,"z":2}"#)
    }

    @Test("Numbers and keys outside the canonical form cannot be made")
    func unrepresentable() {
        #expect(CanonicalJSON.Integer(exactly: UInt64.max) == nil)
        #expect(CanonicalJSON.Integer(exactly: Int64(1) << 53) == nil)
        #expect(CanonicalJSON.Integer(clamping: UInt64.max).value == 9_007_199_254_740_991)
        #expect(CanonicalJSON.Integer(clamping: Int64.min).value == -9_007_199_254_740_991)
        #expect(CanonicalJSON.Key(validating: "é") == nil)
        #expect(CanonicalJSON.Key(validating: "\u{7F}") == nil)
        #expect(CanonicalJSON.Key(validating: "a b")?.text == "a b")
    }
}
