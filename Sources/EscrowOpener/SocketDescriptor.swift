package import Glibc

/// One end of a connection on a Unix socket, closed when its last user lets it go.
package final class SocketDescriptor: Sendable {
    private let descriptor: Int32

    /// Takes over an open descriptor.
    package init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(self.descriptor) }

    /// Ends the connection for both sides; whoever waits for it is woken.
    package func end() { shutdown(self.descriptor, Int32(SHUT_RDWR)) }

    /// Waits for the next peer of a socket that is listened on; nil when it can no longer be.
    func accept() -> SocketDescriptor? {
        while true {
            let peer = Glibc.accept(self.descriptor, nil, nil)
            if peer >= 0 {
                _ = fcntl(peer, F_SETFD, FD_CLOEXEC)
                return SocketDescriptor(peer)
            }
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }

    /// Reads what is there, once; 0 at the end, and for whatever ends the connection.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            let count = Glibc.recv(self.descriptor, buffer.baseAddress, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            return max(count, 0)
        }
    }

    /// Writes all; false when the connection has ended.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.send(self.descriptor, part.baseAddress, part.count, Int32(MSG_NOSIGNAL))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Who is at the other end, by the kernel's word (unix(7), `SO_PEERCRED`); nil when it does not say.
    package var peer: (process: pid_t, user: uid_t)? {
        var credentials: (pid: Int32, uid: UInt32, gid: UInt32) = (0, 0, 0)
        var length = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(self.descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0, credentials.pid > 0
        else { return nil }
        return (credentials.pid, credentials.uid)
    }
}
