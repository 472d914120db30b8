import HTTPTypes

/// The token of an `Authorization: Bearer` field (RFC 6750, section 2.1).
enum BearerToken {
    /// The token as sent; nil when there is none, another scheme, or more than one.
    static func sent(in headers: HTTPFields) -> String? {
        let values = headers[values: .authorization]
        guard values.count == 1, let value = values.first else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return parts[1].drop { $0 == " " }.isEmpty ? nil : String(parts[1].drop { $0 == " " })
    }
}
