extension Problem {
    /// Says which field of a JSON body cannot be accepted and why, and never what was in it.
    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            self = .invalid(field: (context.codingPath + [key]).fieldPath, "is missing")
        case .typeMismatch(let type, let context):
            self = .invalid(field: context.codingPath.fieldPath, "must be \(Self.name(of: type))")
        case .valueNotFound(let type, let context):
            self = .invalid(field: context.codingPath.fieldPath, "must be \(Self.name(of: type)), and is null")
        case .dataCorrupted(let context):
            self = .invalid(field: context.codingPath.fieldPath, Self.text(of: context))
        @unknown default:
            self = .invalid(field: "body", "cannot be read")
        }
    }

    /// Our own types' texts all begin with "must be" or "is not" and hold nothing of the input; other texts may.
    private static func text(of context: DecodingError.Context) -> String {
        let text = context.debugDescription
        if text.hasPrefix("must be ") || text.hasPrefix("is not a field") { return text }
        return context.codingPath.isEmpty ? "must be a JSON object (RFC 8259) in UTF-8" : "has a value out of range"
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is Int.Type, is Int64.Type, is UInt32.Type: "a whole number"
        case is [String: Any].Type: "an object"
        case is [Any].Type: "an array"
        default: String(describing: type).hasPrefix("Dictionary") ? "an object" : "of another type"
        }
    }
}

extension [any CodingKey] {
    /// The path as people write it: `volumes[0].type`; `body` for the whole.
    fileprivate var fieldPath: String {
        guard !self.isEmpty else { return "body" }
        return self.reduce(into: "") { path, key in
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
    }
}
