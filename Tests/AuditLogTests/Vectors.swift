import Foundation

/// The vectors that other implementations made; see `Vectors/generate.py`.
enum Vectors {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors")

    static func load<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(contentsOf: Self.folder.appending(path: name)))
    }

    /// The entry of an index in the trees of the vectors: up to 32 bytes that follow from the index alone.
    static func entry(_ index: Int) -> [UInt8] {
        Array(NaiveTree.hash(Array("entry \(index)".utf8)).prefix(index % 33))
    }
}

/// A generator that gives the same numbers on every run (SplitMix64). For tests only.
struct FixedGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

/// Reads hexadecimal digits.
func bytes(hex: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var digits = Substring(hex)
    while !digits.isEmpty {
        bytes.append(UInt8(digits.prefix(2), radix: 16) ?? 0)
        digits = digits.dropFirst(2)
    }
    return bytes
}
