import Glibc

/// Small files that must survive a kill: written beside themselves, synchronised, renamed.
enum DurableFile {
    /// The most that is read: none of the simulator's own files is larger.
    private static let largest = 1 << 20

    /// The bytes of a file; nil when there is none.
    static func read(_ path: String) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw SimulatorError.system(operation: "open", path: path, errorNumber: errno)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < Self.largest {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SimulatorError.system(operation: "read", path: path, errorNumber: errno) }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// Puts a file in the place of another, readable by its owner only.
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        let beside = path + ".new"
        let descriptor = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SimulatorError.system(operation: "create", path: beside, errorNumber: errno)
        }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let errorNumber = errno
                close(descriptor)
                throw SimulatorError.system(operation: "write", path: beside, errorNumber: errorNumber)
            }
            done += count
        }
        let synchronised = fsync(descriptor) == 0
        guard close(descriptor) == 0, synchronised, rename(beside, path) == 0 else {
            throw SimulatorError.system(operation: "write", path: path, errorNumber: errno)
        }
    }

    /// Makes a folder and those above it, readable by their owner only.
    static func createFolder(_ path: String) throws {
        var above = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            above += above.isEmpty && !path.hasPrefix("/") ? "\(part)" : "/\(part)"
            guard !part.isEmpty else {
                above = above == "/" ? "" : above
                continue
            }
            guard mkdir(above, 0o700) == 0 || errno == EEXIST else {
                throw SimulatorError.system(operation: "create", path: above, errorNumber: errno)
            }
        }
    }
}
