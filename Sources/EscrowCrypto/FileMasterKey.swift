package import BitLocker
import Crypto
package import Glibc

/// A master key in a file: 32 random bytes, readable by its owner alone.
///
/// The default. A path inside systemd's `$CREDENTIALS_DIRECTORY` does as well: that file is root's or ours and has mode
/// 0400, or 0440 where systemd (from 254 on) lets the service's user in by an access control list, whose mask is what the
/// group's bits then show. Keep it apart from the database's backups; whoever has both has everything.
///
/// Read once, when it is loaded: to find out whether the file is still there and still the same, load it again.
package struct FileMasterKey: MasterKeyProvider {
    private static let length = 32
    private static let magic = Array("SKMF".utf8) + [1]

    /// The kind and a value made from the key, which tells two keys apart and nothing else.
    package let id: String
    /// Names the file.
    package var whereabouts: String { "the master key file \(self.path)" }
    private let path: String
    private let key: SymmetricKey

    /// Reads a key from its file; refuses a file that others may use, with what to type to change that.
    ///
    /// - Parameters:
    ///   - path: the file; may be a symbolic link, as mounted secrets are.
    ///   - user: whose it may be beside root's: the user that this process runs as.
    ///   - credentials: the folder of systemd's credentials, if there are any.
    package init(path: String, user: uid_t = geteuid(), credentials: String? = nil) throws(MasterKeyError) {
        // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw errno == ENOENT ? .fileMissing(path: path) : .system(path: path) }
        defer { close(file) }
        var status = stat()
        // Asked of the open file, so that what was checked is what is read.
        guard fstat(file, &status) == 0 else { throw .system(path: path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
        guard status.st_uid == user || status.st_uid == 0 else {
            throw .foreignOwner(path: path, owner: status.st_uid, expected: user)
        }
        let mode = status.st_mode & 0o7777
        let isCredential = CredentialsFolder.contains(path, folder: credentials) && status.st_uid == 0
        guard mode == 0o600 || mode == 0o400 || (mode == 0o440 && status.st_gid == 0 && isCredential) else {
            throw .openToOthers(path: path, mode: mode)
        }
        guard status.st_size == Self.length else { throw .notAKey(path: path) }
        let bytes = try SecretBytes(count: Self.length) { (storage) throws(MasterKeyError) in
            guard let start = storage.baseAddress, read(file, start, Self.length) == Self.length else {
                throw .system(path: path)
            }
            // A file that was made and never written, after a power cut, is all zero bytes.
            guard storage.contains(where: { $0 != storage[0] }) else { throw .notAKey(path: path) }
        }
        self.init(path: path, key: bytes.key)
    }

    private init(path: String, key: SymmetricKey) {
        self.path = path
        self.key = key
        let check = HMAC<SHA256>.authenticationCode(for: Array("sparekey/master-key/v1/id".utf8), using: key)
        self.id = "file:" + Hexadecimal.text(of: check.prefix(8))
    }

    /// Makes a new key and its file with mode 0600, on the disk when this returns; never overwrites one.
    ///
    /// The generator must be cryptographically secure, as `SystemRandomNumberGenerator` is.
    package static func create(
        path: String,
        using generator: inout some RandomNumberGenerator
    ) throws(MasterKeyError) -> FileMasterKey {
        let bytes = SecretBytes(count: Self.length, using: &generator)
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw errno == EEXIST ? .fileExists(path: path) : .system(path: path) }
        // The mode is set again, since the umask may have taken bits away that we need.
        let isWritten = bytes.withUnsafeBytes { bytes in
            fchmod(file, 0o600) == 0 && write(file, bytes.baseAddress, bytes.count) == bytes.count && fsync(file) == 0
        }
        let failure = isWritten ? nil : MasterKeyError.system(path: path)
        close(file)
        if let failure {
            unlink(path)
            throw failure
        }
        try Self.syncDirectory(of: path)
        return FileMasterKey(path: path, key: bytes.key)
    }

    /// Encrypts with AES-256-GCM.
    package func wrap(_ secret: borrowing SecretBytes, context: String) async throws(MasterKeyError) -> [UInt8] {
        guard (1...MasterKey.longestSecret).contains(secret.count) else { throw .badLength }
        let wrapped = secret.withUnsafeBytes {
            WrappedSecret.wrap($0, under: self.key, authenticating: Self.magic + context.utf8)
        }
        guard let wrapped else { throw .badLength }
        return Self.magic + wrapped
    }

    /// Decrypts what `wrap` made.
    package func unwrap(_ wrapped: [UInt8], context: String) async throws(MasterKeyError) -> SecretBytes {
        guard wrapped.starts(with: Self.magic) else { throw .malformed(whereabouts: self.whereabouts) }
        let secret = WrappedSecret.unwrap(
            wrapped.dropFirst(Self.magic.count),
            under: self.key,
            authenticating: Self.magic + context.utf8
        )
        guard let secret else { throw .doesNotUnwrap(whereabouts: self.whereabouts) }
        return secret.secretBytes
    }

    /// A new file is on the disk only when its directory's entry is too.
    private static func syncDirectory(of path: String) throws(MasterKeyError) {
        let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .system(path: parent) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw .system(path: parent) }
    }
}

extension MasterKeyError {
    /// What the last system call said.
    fileprivate static func system(path: String) -> MasterKeyError {
        .system(path: path, reason: String(cString: strerror(errno)))
    }
}
