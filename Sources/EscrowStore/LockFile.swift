import Glibc

/// The right to use a database, which one process at a time has. It goes with the process, however that ends.
final class LockFile: Sendable {
    private let descriptor: Int32

    /// Takes the lock on a file beside the database, or throws `.refused`.
    init(path: String, directory: String) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw .refused(.cannotOpen(path: path, reason: String(cString: strerror(errno))))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            close(descriptor)
            throw .refused(
                reason == EWOULDBLOCK
                    ? .alreadyOpen(directory: directory)
                    : .cannotOpen(path: path, reason: String(cString: strerror(reason)))
            )
        }
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }
}
