import Glibc

/// The Unix socket through which somebody on the server's own console is let in: by the file system, for whose user alone
/// it is, and by the name of the user at the other end, which the kernel vouches for.
struct AdminSocket: Sendable {
    /// Where it is.
    let path: String

    /// Takes away a socket that a server which is gone has left, and nothing else.
    func removeStale() throws(ServerStartError) {
        var status = stat()
        guard lstat(self.path, &status) == 0 else {
            guard errno == ENOENT else { throw self.unusable() }
            return
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw .adminSocketUnusable(path: self.path, reason: "there is something else at that path")
        }
        guard try !self.isAnswered() else { throw .adminSocketInUse(path: self.path) }
        guard unlink(self.path) == 0 || errno == ENOENT else { throw self.unusable() }
    }

    /// Keeps everybody but the server's own user from connecting.
    func restrict() throws(ServerStartError) {
        guard chmod(self.path, 0o600) == 0 else { throw self.unusable() }
    }

    /// Takes the socket away at the end.
    func remove() {
        unlink(self.path)
    }

    /// Whether a server listens on it.
    private func isAnswered() throws(ServerStartError) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard self.path.utf8.count < capacity else {
            throw .adminSocketUnusable(
                path: self.path,
                reason: "the path has \(self.path.utf8.count) bytes, and a socket's can have \(capacity - 1)"
            )
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: self.path.utf8) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw self.unusable() }
        defer { close(descriptor) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result == 0
    }

    private func unusable() -> ServerStartError {
        .adminSocketUnusable(path: self.path, reason: String(cString: strerror(errno)))
    }
}
