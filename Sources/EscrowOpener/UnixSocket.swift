import Glibc

/// A Unix socket in the file system, for this user alone.
package struct UnixSocket: Sendable {
    /// Where it is.
    package let path: String

    /// Names a socket.
    package init(path: String) { self.path = path }

    /// Listens, in place of a socket that a process which is gone has left. Throws a sentence.
    package func listen() throws(OpenerStartError) -> SocketDescriptor {
        var status = stat()
        if lstat(self.path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFSOCK else {
                throw OpenerStartError("\(self.path) is in the way: it is no socket")
            }
            unlink(self.path)
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw self.unusable() }
        let socket = SocketDescriptor(descriptor)
        // For this user alone from its first moment on.
        let mask = umask(0o177)
        let result = try self.withAddress { bind(descriptor, $0, $1) }
        umask(mask)
        guard result == 0, Glibc.listen(descriptor, 8) == 0 else { throw self.unusable() }
        return socket
    }

    /// Connects; nil when nobody listens yet.
    package func connect() throws(OpenerStartError) -> SocketDescriptor? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw self.unusable() }
        let socket = SocketDescriptor(descriptor)
        guard try self.withAddress({ Glibc.connect(descriptor, $0, $1) }) == 0 else {
            guard errno == ENOENT || errno == ECONNREFUSED else { throw self.unusable() }
            return nil
        }
        return socket
    }

    private func withAddress(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(OpenerStartError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard self.path.utf8.count < capacity else {
            throw OpenerStartError(
                "the path \(self.path) has \(self.path.utf8.count) bytes, and a socket's can have \(capacity - 1)"
            )
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: self.path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private func unusable() -> OpenerStartError {
        OpenerStartError("the opener's socket \(self.path) cannot be used: \(String(cString: strerror(errno)))")
    }
}

/// Why the opener does not start: a sentence that says what is wrong and what to do, without a secret.
package struct OpenerStartError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence.
    package let description: String

    /// Takes the sentence.
    package init(_ description: String) { self.description = description }
}
