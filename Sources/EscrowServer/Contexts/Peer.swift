/// Who is at the other end of a connection, as far as the connection itself says.
package enum Peer: Hashable, Sendable {
    /// Somebody on the network, who has still to say who they are.
    case network(address: String)
    /// Somebody on the server's own console: let in by the operating system, which also vouches for the user name.
    case console(operatorName: String)

    /// The address as the audit log writes it; `local` for the console.
    package var address: String {
        switch self {
        case .network(let address): address
        case .console: "local"
        }
    }
}
