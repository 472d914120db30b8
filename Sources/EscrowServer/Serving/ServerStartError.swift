/// Why the server cannot start, and what to do about it.
package enum ServerStartError: Error, Equatable, Sendable {
    /// A TLS file is not there or may not be read.
    case unreadableFile(path: String, reason: String)
    /// The certificate file holds no certificate in PEM form.
    case noCertificate(path: String)
    /// The key file holds no private key in PEM form that can be used without a passphrase.
    case noPrivateKey(path: String)
    /// The private key is not the certificate's.
    case keyMismatch(certificateChain: String, privateKey: String)
    /// The address cannot be listened on.
    case cannotListen(address: String, reason: String)
    /// Another server answers on the admin socket.
    case adminSocketInUse(path: String)
    /// There is something else where the admin socket should be, or it cannot be made there.
    case adminSocketUnusable(path: String, reason: String)
}

extension ServerStartError: CustomStringConvertible {
    /// What is wrong, and what to do next.
    package var description: String {
        switch self {
        case .unreadableFile(let path, let reason):
            "The TLS file \(path) cannot be read: \(reason). Name a PEM file that this user may read."
        case .noCertificate(let path):
            "\(path) holds no certificate. Name a PEM file with the server's certificate first, then its chain."
        case .noPrivateKey(let path):
            "\(path) holds no private key that can be used. Name a PEM file with an unencrypted private key."
        case .keyMismatch(let certificateChain, let privateKey):
            "The private key in \(privateKey) is not that of the first certificate in \(certificateChain). "
                + "Put the server's own certificate first, and name the key that it was made with."
        case .cannotListen(let address, let reason):
            "The server cannot listen on \(address): \(reason). Choose another address with --listen HOST:PORT."
        case .adminSocketInUse(let path):
            "Another server is running: it answers on \(path). Stop it first, or use another data directory."
        case .adminSocketUnusable(let path, let reason):
            "The admin socket \(path) cannot be made: \(reason)."
        }
    }
}
