import BitLocker
import Foundation
import Testing

@Suite("GUID")
struct GUIDTests {
    static let text = "8f595209-f5b9-49a0-85d4-cb8f80258c27"

    @Test(
        "is read with and without braces, in either case, and written in lower case",
        arguments: [text, text.uppercased(), "{\(text)}", "{\(text.uppercased())}"]
    )
    func reading(_ form: String) throws {
        #expect(try #require(GUID(form)).description == Self.text)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "8f595209", "8f595209f5b949a085d4cb8f80258c27", " \(text)", "\(text) ", "{\(text)", "(\(text))",
            "8f595209-f5b9-49a0-85d4-cb8f80258c2g", "8f595209-f5b9-49a0-85d4_cb8f80258c27",
            "8f595209-f5b9-49a0-85d4-cb8f80258c2\u{FF17}", "8f59520-9f5b9-49a0-85d4-cb8f80258c27",
        ]
    )
    func refused(_ form: String) {
        #expect(GUID(form) == nil)
    }

    @Test("the on-disk form swaps the first three fields")
    func diskForm() throws {
        let guid = try #require(GUID(Self.text))
        #expect(guid.windowsBytes.hex == "0952598fb9f5a04985d4cb8f80258c27")
        #expect(GUID(windowsBytes: guid.windowsBytes) == guid)
        #expect(guid.bytes.hex == "8f595209f5b949a085d4cb8f80258c27")
        #expect(GUID(bytes: guid.bytes) == guid)
        #expect(guid.keyIDPrefix == 0x8F59_5209)
        for count in [0, 15, 17] {
            #expect(GUID(windowsBytes: [UInt8](repeating: 0, count: count)) == nil)
            #expect(GUID(bytes: [UInt8](repeating: 0, count: count)) == nil)
        }
    }

    @Test("a random one has version 4 and the variant of RFC 9562, and agrees with Foundation")
    func random() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<1000 {
            let guid = GUID.random(using: &generator)
            let text = Array(guid.description)
            #expect(text[14] == "4")
            #expect("89ab".contains(text[19]))
            #expect(UUID(uuidString: guid.description)?.uuidString.lowercased() == guid.description)
            #expect(GUID(guid.description) == guid)
        }
    }

    @Test("order is that of the text, and JSON is the text")
    func orderAndJSON() throws {
        var generator = SeededGenerator(seed: 6)
        let guids = (0..<100).map { _ in GUID.random(using: &generator) }
        #expect(guids.sorted().map(\.description) == guids.map(\.description).sorted())
        let json = try JSONEncoder().encode(guids)
        #expect(try JSONDecoder().decode([GUID].self, from: json) == guids)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(GUID.self, from: Data("\"nonsense\"".utf8)) }
    }
}
