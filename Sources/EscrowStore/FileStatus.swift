import Glibc

/// What the file system says of a file, links not followed.
package struct FileStatus: Equatable, Sendable {
    /// Whether it is a directory.
    package let isDirectory: Bool
    /// Who may do what: the lowest 12 bits.
    package let mode: UInt32
    /// The user it belongs to.
    package let owner: UInt32
    /// How many bytes it has.
    package let size: Int64
    /// The file system that it is on.
    package let fileSystem: UInt64

    /// Asks about a file; nil when there is none, or it cannot be told.
    package init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.isDirectory = status.st_mode & S_IFMT == S_IFDIR
        self.mode = UInt32(status.st_mode) & 0o7777
        self.owner = UInt32(status.st_uid)
        self.size = Int64(status.st_size)
        self.fileSystem = UInt64(status.st_dev)
    }

    /// How many bytes are free for us where a file is; nil when it cannot be told.
    package static func freeBytes(at path: String) -> UInt64? {
        var system = statvfs()
        guard statvfs(path, &system) == 0 else { return nil }
        return UInt64(system.f_bavail) * UInt64(system.f_frsize)
    }
}
