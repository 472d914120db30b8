import Glibc
import Testing

/// A folder of a test's own, removed with all that is in it.
final class Folder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/sparekey-providers-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        self.path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { _ = Program.run("/bin/rm", "-rf", self.path) }

    /// Writes a file and gives its path.
    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o600) -> String {
        let path = self.path + "/" + name
        unlink(path)
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        fchmod(file, mode)
        close(file)
        return path
    }
}
