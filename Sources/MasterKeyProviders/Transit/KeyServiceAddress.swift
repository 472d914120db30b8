/// The address of a key service: scheme, host and port, and nothing behind it.
package struct KeyServiceAddress: Equatable, Sendable {
    /// The address, without a slash at its end.
    package let text: String

    /// Reads an address. Without TLS, only this machine is accepted: the master key's plaintext goes over it.
    package init(_ text: String) throws(TransitError) {
        var rest = Substring(text)
        while rest.hasSuffix("/") { rest.removeLast() }
        let isSecure = rest.hasPrefix("https://")
        guard isSecure || rest.hasPrefix("http://") else {
            throw .badAddress(why: "must begin with https://, such as https://bao.example.com:8200")
        }
        self.text = String(rest)
        rest = rest.dropFirst(isSecure ? 8 : 7)
        let isPlain = rest.allSatisfy { character in
            character.isASCII && (character.isLetter || character.isNumber || ".-:[]".contains(character))
        }
        guard isPlain, let host = Self.host(of: rest), !host.isEmpty else {
            throw .badAddress(
                why: "must have a host, perhaps a port, and nothing else, such as https://bao.example.com:8200"
            )
        }
        guard isSecure || Self.isLoopback(host) else {
            throw .badAddress(why: "must begin with https:// unless the service is on this machine (127.0.0.1)")
        }
    }

    private static func host(of authority: Substring) -> Substring? {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            let port = authority[authority.index(after: end)...]
            guard port.isEmpty || (port.hasPrefix(":") && Self.isPort(port.dropFirst())) else { return nil }
            return authority[authority.index(after: authority.startIndex)..<end]
        }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 1 || (parts.count == 2 && Self.isPort(parts[1])) else { return nil }
        return parts[0]
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.allSatisfy(\.isNumber) && UInt16(text).map { $0 > 0 } == true
    }

    private static func isLoopback(_ host: Substring) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil)
    }
}
