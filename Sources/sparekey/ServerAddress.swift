/// The address of a server, without a path.
///
/// Plain HTTP is for this machine only: what goes over it is secret.
struct ServerAddress {
    /// The address, such as `https://keys.example.com:8443`, without a slash at its end.
    let text: String

    /// Reads an address.
    ///
    /// - Parameter path: whether it may have a path.
    init(_ text: String, path: Bool = false) throws(Failure) {
        var rest = text[...]
        while rest.hasSuffix("/") { rest.removeLast() }
        let authority: Substring
        if rest.hasPrefix("https://") {
            authority = rest.dropFirst("https://".count)
        } else if rest.hasPrefix("http://") {
            authority = rest.dropFirst("http://".count)
            guard Self.isLoopback(authority) else {
                throw Failure(
                    "\(text) would send secrets in the clear; use https:// (http:// is for this machine only)"
                )
            }
        } else {
            throw Failure("\(text) is not a server's address; it must begin with https://")
        }
        guard !authority.isEmpty, path || !authority.contains("/"), !authority.contains("@"), !authority.contains("?")
        else {
            throw Failure("\(text) is not a server's address; give it without a path, such as https://keys.example.com")
        }
        self.text = String(rest)
    }

    private static func isLoopback(_ authority: Substring) -> Bool {
        let host: Substring
        if authority.hasPrefix("[") {
            host = authority.prefix { $0 != "]" }.dropFirst()
        } else {
            host = authority.prefix { $0 != ":" }
        }
        return ListenAddress.isLoopback(String(host))
    }
}
