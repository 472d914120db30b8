import Glibc

/// An open file or block device that holds a volume; closed when it goes out of use.
struct VolumeFile: ~Copyable {
    /// What the file is opened for.
    enum Access {
        case reading
        case editing
        case creating
    }

    private let descriptor: CInt
    /// How many bytes it has.
    let size: UInt64

    /// Opens the file at `path`.
    ///
    /// One that is opened to be written is locked against others that would write it. A file that is created may not exist before, and belongs to its owner only.
    init(path: String, access: Access) throws(VolumeAccessError) {
        let flags =
            switch access {
            case .reading: O_RDONLY
            case .editing: O_RDWR
            case .creating: O_RDWR | O_CREAT | O_EXCL
            }
        let descriptor = open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(operation: "open", errorNumber: errno) }
        // A block device has no size in its status; its end is where seeking to the end leads.
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else {
            let errorNumber = errno
            close(descriptor)
            throw .system(operation: "find the end of", errorNumber: errorNumber)
        }
        if access != .reading, flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let errorNumber = errno
            close(descriptor)
            throw .system(operation: "lock", errorNumber: errorNumber)
        }
        self.descriptor = descriptor
        self.size = UInt64(end)
    }

    deinit {
        close(self.descriptor)
    }

    /// Reads `count` bytes at `offset`, or as many as there are before the end.
    borrowing func read(at offset: UInt64, count: Int) throws(VolumeAccessError) -> [UInt8] {
        guard offset < self.size, let start = off_t(exactly: offset) else { return [] }
        var bytes = [UInt8](repeating: 0, count: Int(min(UInt64(count), self.size - offset)))
        var done = 0
        while done < bytes.count {
            let taken = bytes.withUnsafeMutableBytes { buffer in
                pread(self.descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, start + off_t(done))
            }
            if taken < 0, errno == EINTR { continue }
            guard taken >= 0 else { throw .system(operation: "read", errorNumber: errno) }
            if taken == 0 { break }
            done += taken
        }
        return Array(bytes.prefix(done))
    }

    /// Writes all the bytes at `offset`.
    borrowing func write(_ bytes: [UInt8], at offset: UInt64) throws(VolumeAccessError) {
        var done = 0
        guard let start = off_t(exactly: offset), start <= off_t.max - off_t(bytes.count) else {
            throw .system(operation: "write", errorNumber: EFBIG)
        }
        while done < bytes.count {
            let taken = bytes.withUnsafeBytes { buffer in
                pwrite(self.descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, start + off_t(done))
            }
            if taken < 0, errno == EINTR { continue }
            guard taken > 0 else { throw .system(operation: "write", errorNumber: taken == 0 ? EIO : errno) }
            done += taken
        }
    }

    /// Returns after what was written is on the disk.
    borrowing func synchronize() throws(VolumeAccessError) {
        guard fsync(self.descriptor) == 0 else { throw .system(operation: "synchronise", errorNumber: errno) }
    }

    /// Makes the file this long.
    borrowing func setSize(_ size: UInt64) throws(VolumeAccessError) {
        guard let length = off_t(exactly: size), ftruncate(self.descriptor, length) == 0 else {
            throw .system(operation: "extend", errorNumber: errno)
        }
    }
}
