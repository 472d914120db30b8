import Glibc
import NIOCore

/// Who is at the other end of a Unix socket, by the kernel's word (unix(7), `SO_PEERCRED`).
struct PeerCredentials: Sendable {
    /// Linux's `struct ucred`.
    let process: Int32
    let user: UInt32
    let group: UInt32

    /// Asks for the credentials of a connection's peer; nil when it is not on a Unix socket.
    static func of(_ channel: any Channel) async -> PeerCredentials? {
        guard let provider = channel as? any SocketOptionProvider else { return nil }
        let option: EventLoopFuture<PeerCredentials> = provider.unsafeGetSocketOption(
            level: .socket,
            name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
        )
        return try? await option.get()
    }

    /// Whether the peer is the server's own user, or root, who could be anybody.
    var isOwnUserOrRoot: Bool { self.user == 0 || self.user == geteuid() }

    /// The peer's user name.
    var userName: String { UserName.of(self.user) }
}

/// Names of Unix users.
enum UserName {
    /// The user that the process runs as.
    static var ofProcess: String { Self.of(geteuid()) }

    /// A user's name, or `uid <number>` for one who has none.
    static func of(_ user: uid_t) -> String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        let result = getpwuid_r(user, &entry, &buffer, buffer.count, &found)
        guard result == 0, found != nil, let name = entry.pw_name else { return "uid \(user)" }
        return String(cString: name)
    }
}
