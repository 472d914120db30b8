package import BitLocker
package import EscrowCrypto
import Glibc

/// A secret in the first line of a file: a passphrase, a PIN, a token, a secret ID.
///
/// Read anew for each use, so that it can be replaced while the server runs.
package struct SecretFile: Sendable {
    /// The longest secret there can be.
    private static let longest = 64 * 1024
    /// Where it is; `-` is standard input.
    package let path: String

    /// Names a file; it is not read yet.
    ///
    /// - Parameters:
    ///   - name: its path, or the name of a credential.
    ///   - credentials: the folder of systemd's credentials, if there are any.
    package init(_ name: String, credentials: String?) {
        self.path = CredentialsFolder.resolve(name, folder: credentials) { access($0, F_OK) == 0 }
    }

    /// The first line without white space around it.
    ///
    /// Refuses a file that everybody may read, or that others than its owner may change. A group may read it: that is how
    /// secrets are handed to services.
    package func line() throws(MasterKeyError) -> SecretBytes {
        // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
        let file = self.path == "-" ? STDIN_FILENO : open(self.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw errno == ENOENT ? .secretFileMissing(path: self.path) : self.failure }
        defer { if self.path != "-" { close(file) } }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw self.failure }
        if status.st_mode & S_IFMT == S_IFREG, self.path != "-", status.st_mode & 0o027 != 0 {
            throw .secretFileOpenToOthers(path: self.path, mode: status.st_mode & 0o7777)
        }
        var buffer = [UInt8](repeating: 0, count: Self.longest + 1)
        defer { buffer.wipe() }
        var count = 0
        while count < buffer.count, !buffer[..<count].contains(0x0A) {
            let room = buffer.count - count
            let got = buffer.withUnsafeMutableBytes { read(file, $0.baseAddress.map { $0 + count }, room) }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw self.failure }
            guard got > 0 else { break }
            count += got
        }
        let isLineBreak: (UInt8) -> Bool = { $0 == 0x0A || $0 == 0x0D }
        var line = buffer[..<count].drop(while: isLineBreak).prefix { !isLineBreak($0) }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        line = line.drop(while: isSpace)
        while let last = line.last, isSpace(last) { line.removeLast() }
        guard !line.isEmpty, count <= Self.longest else { throw .noSecret(path: self.path) }
        let (start, length) = (line.startIndex, line.count)
        return SecretBytes(count: length) { storage in
            for index in 0..<length { storage[index] = buffer[start + index] }
        }
    }

    private var failure: MasterKeyError {
        .system(path: self.path, reason: String(cString: strerror(errno)))
    }
}
