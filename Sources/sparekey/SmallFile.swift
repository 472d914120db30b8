import BitLocker
import EscrowCrypto
import Glibc

/// Small files that hold a secret: tokens, passphrases, recovery keys.
enum SmallFile {
    /// The most that is read.
    static let largest = 64 * 1024

    /// The bytes of a file, or of standard input for `-`.
    static func read(_ path: String) throws(Failure) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure("cannot open \(path): \(Self.reason)") }
        defer { if path != "-" { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure("cannot read \(path): \(Self.reason)") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= Self.largest else {
                throw Failure("\(path) has more than \(Self.largest) bytes; it cannot be what it should be")
            }
        }
    }

    /// The first line of a file without white space around it; not empty.
    static func line(_ path: String) throws(Failure) -> [UInt8] {
        let line = try Self.read(path).split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).first ?? []
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let trimmed = line.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        guard !trimmed.isEmpty else { throw Failure("\(path) is empty; its first line must be the secret") }
        return Array(trimmed)
    }

    /// Makes a file that only its owner can read; never overwrites one.
    static func create(_ path: String, _ bytes: [UInt8]) throws(Failure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("cannot make \(path): \(Self.reason)") }
        defer { close(descriptor) }
        guard bytes.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == bytes.count,
            fsync(descriptor) == 0
        else { throw Failure("cannot write \(path): \(Self.reason)") }
    }

    /// Whether nobody but its owner may read or write a file.
    static func isPrivate(_ path: String) throws(Failure) -> Bool {
        guard let isPrivate = FilePermissions.isPrivate(path) else {
            throw Failure("cannot open \(path): \(Self.reason)")
        }
        return isPrivate
    }

    /// What the last system call said.
    static var reason: String { String(cString: strerror(errno)) }
}
