import Dispatch
package import Glibc
import Synchronization

/// Lets in one peer at a time: of the right user, and of the right process where one is named.
package final class OpenerListener: Sendable {
    private let socket: SocketDescriptor
    private let isAllowed: @Sendable (pid_t, uid_t) -> Bool
    private let isBusy = Mutex(false)
    private let connections = DispatchQueue(label: "sparekey.opener.connection", qos: .userInitiated)

    /// Listens.
    ///
    /// - Parameters:
    ///   - socket: where.
    ///   - isAllowed: whether a process of a user may connect.
    package init(
        _ socket: UnixSocket,
        isAllowed: @escaping @Sendable (_ process: pid_t, _ user: uid_t) -> Bool
    ) throws(OpenerStartError) {
        self.socket = try socket.listen()
        self.isAllowed = isAllowed
    }

    /// Has one peer after another answered; whoever may not connect, or comes while another is there, is shown the door.
    /// Occupies a thread, and returns only when the socket can no longer be listened on.
    ///
    /// - Parameter answer: answers a connection to its end; may occupy its thread.
    package func run(_ answer: @escaping @Sendable (SocketDescriptor) -> Void) {
        while let peer = self.socket.accept() {
            guard let (process, user) = peer.peer, self.isAllowed(process, user) else { continue }
            let isFree = self.isBusy.withLock { isBusy in
                defer { isBusy = true }
                return !isBusy
            }
            guard isFree else { continue }
            self.connections.async {
                answer(peer)
                self.isBusy.withLock { $0 = false }
            }
        }
    }
}
