import Glibc

extension IngestKeys {
    /// Whether others than its owner may use a file; nil when there is none.
    package static func isOpenToOthers(_ path: String) -> Bool? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return status.st_mode & 0o077 != 0
    }
}
