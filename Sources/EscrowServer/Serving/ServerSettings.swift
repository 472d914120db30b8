package import EscrowModel

/// How the server listens, and what it lets through.
package struct ServerSettings: Equatable, Sendable {
    /// How many bytes a body may have.
    package struct BodyLimits: Equatable, Sendable {
        /// Of people's and clients' requests.
        package var api = 64 * 1024
        /// Of devices' requests, which carry FVE metadata.
        package var agent = 512 * 1024

        /// Makes the default limits.
        package init() {}
    }

    /// A certificate chain and its key, as PEM files.
    package struct TLSFiles: Equatable, Sendable {
        /// The server's certificate, then those that lead to its root.
        package var certificateChain: String
        /// The certificate's private key.
        package var privateKey: String

        /// Names the files.
        package init(certificateChain: String, privateKey: String) {
            self.certificateChain = certificateChain
            self.privateKey = privateKey
        }
    }

    /// The address or name to listen on.
    package var host: String
    /// The port; 0 for one that the system chooses.
    package var port: Int
    /// TLS; nil for plain HTTP, which is for loopback or a proxy that ends TLS.
    package var tls: TLSFiles?
    /// The proxies whose word on who their client is counts; see ``ForwardedAddress``.
    package var trustedProxies: [IPNetwork] = []
    /// Whether browsers are to send cookies over TLS alone; false only to try things out on one machine.
    package var areCookiesSecure = true
    /// Where the socket for the server's own console is made; nil for none.
    package var adminSocket: String?
    /// How long a connection may be idle.
    package var idleTimeout = TimeSpan.seconds(60)
    /// How long an answer may take, and how long a body.
    package var requestTimeout = TimeSpan.seconds(30)
    /// How many connections are served at a time; more wait until one ends.
    package var maximumConnections = 4096
    /// How many bytes a body may have.
    package var bodyLimits = BodyLimits()

    /// Makes the default settings for an address.
    package init(host: String = "127.0.0.1", port: Int = 8443) {
        self.host = host
        self.port = port
    }
}
