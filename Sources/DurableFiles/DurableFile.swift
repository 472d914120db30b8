import Glibc

/// Small files that must survive a kill and a power cut: read whole, and replaced whole or not at all.
package enum DurableFile {
    /// The bytes of a file; nil when there is none.
    ///
    /// - Parameter limit: more than this is not read: a caller who gets as many bytes knows that the file is none of its own.
    package static func read(_ path: String, atMost limit: Int) throws(DurableFileError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw DurableFileError("read", path) }
            return nil
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        defer { buffer.withUnsafeMutableBytes { if let start = $0.baseAddress { explicit_bzero(start, $0.count) } } }
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &buffer, min(buffer.count, limit - bytes.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw DurableFileError("read", path) }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// Puts a file in the place of another, readable by its owner only; on the disk when this returns, with its name.
    ///
    /// Written beside itself, synchronised, renamed, and then its folder is synchronised: the file that was there stays until
    /// the new one is whole. Blocks for as long as the disk takes.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(DurableFileError) {
        let beside = path + ".new"
        let descriptor = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DurableFileError("write", beside) }
        let isWritten = Self.write(bytes, to: descriptor) && fsync(descriptor) == 0
        let problem = DurableFileError("write", beside)
        close(descriptor)
        guard isWritten else { throw problem }
        guard rename(beside, path) == 0 else { throw DurableFileError("write", path) }
        let folder = open(Self.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw DurableFileError("write", path) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw DurableFileError("write", path) }
    }

    /// The folder that a file is in.
    package static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }
}

/// Why a file could not be read or replaced.
package struct DurableFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was tried: `read` or `write`.
    package let operation: String
    /// With which file.
    package let path: String
    /// What the system said.
    package let reason: String

    /// Takes what the last system call said.
    init(_ operation: String, _ path: String) {
        self.operation = operation
        self.path = path
        self.reason = String(cString: strerror(errno))
    }

    /// A sentence for people.
    package var description: String { "cannot \(self.operation) \(self.path): \(self.reason)" }
}
