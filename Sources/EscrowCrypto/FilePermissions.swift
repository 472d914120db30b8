import Glibc

/// Who may read a file.
package enum FilePermissions {
    /// Whether nobody but its owner may read or write a file; nil when it cannot be looked at, and `errno` says why.
    package static func isPrivate(_ path: String) -> Bool? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return status.st_mode & 0o077 == 0
    }
}
