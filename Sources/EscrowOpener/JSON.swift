import FoundationEssentials

/// The few messages that are rare and have a form of their own are JSON within their frame.
enum JSON {
    static func bytes(of value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // Only numbers that are none, and nesting without end, cannot be encoded; none of the types here has either.
        return (try? encoder.encode(value)).map { Array($0) } ?? []
    }

    static func value<Value: Decodable>(of bytes: [UInt8]) throws(WireError) -> Value {
        guard let value = try? JSONDecoder().decode(Value.self, from: Data(bytes)) else { throw .malformed }
        return value
    }
}
