package import EscrowModel
package import HTTPTypes

/// Who a proxy says that its client is.
///
/// Anybody can send `X-Forwarded-For`. It is believed only from proxies that the server was told of, and only as far back as
/// they go: from the right, the first address that is not one of theirs is the client's.
package enum ForwardedAddress {
    /// What is written when a trusted proxy's word cannot be read. It is in no network, so that no rule allows it.
    package static let unreadable = "unknown"

    private static let name = HTTPField.Name("X-Forwarded-For")

    /// The client's address.
    ///
    /// - Parameters:
    ///   - peer: the address at the other end of the connection.
    ///   - fields: the request's header fields.
    ///   - proxies: whom to believe.
    package static func client(of peer: String, _ fields: HTTPFields, trusting proxies: [IPNetwork]) -> String {
        guard let name = Self.name, let address = IPAddress(peer), Self.isTrusted(address, proxies) else { return peer }
        let values = fields[values: name]
        guard !values.isEmpty else { return peer }
        var client = address
        for text in values.joined(separator: ",").split(separator: ",", omittingEmptySubsequences: false).reversed() {
            guard let next = Self.address(text) else { return Self.unreadable }
            client = next
            guard Self.isTrusted(next, proxies) else { break }
        }
        return client.description
    }

    private static func isTrusted(_ address: IPAddress, _ proxies: [IPNetwork]) -> Bool {
        proxies.contains { $0.contains(address) }
    }

    /// An address as proxies write them: alone, or with a port, IPv6 then in brackets.
    private static func address(_ text: Substring) -> IPAddress? {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        if text.first == "[", let end = text.firstIndex(of: "]") {
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" && Self.isPort(rest.dropFirst()) else { return nil }
            return IPAddress(text[text.index(after: text.startIndex)..<end])
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 2, Self.isPort(parts[1]) { return IPAddress(parts[0]) }
        return IPAddress(text)
    }

    private static func isPort(_ text: Substring) -> Bool { UInt16(text) != nil && text.allSatisfy(\.isNumber) }
}
