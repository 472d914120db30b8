import Glibc

/// Bytes that are overwritten when they are used up, when they move and when they go.
///
/// `@unchecked Sendable` holds because the allocation has exactly one owner: the type cannot be copied.
struct WipedBuffer: ~Copyable, @unchecked Sendable {
    private var storage: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0

    /// Makes an empty buffer.
    init(capacity: Int = 64 << 10) { self.storage = .allocate(byteCount: capacity, alignment: 16) }

    deinit {
        Self.wipe(self.storage)
        self.storage.deallocate()
    }

    /// How many bytes wait in it.
    var count: Int { self.end - self.start }

    /// Lends the bytes that wait.
    func withUnsafeBytes<Value: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try body(UnsafeRawBufferPointer(rebasing: self.storage[self.start..<self.end]))
    }

    /// Adds bytes at the end.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        self.reserve(bytes.count)
        UnsafeMutableRawBufferPointer(rebasing: self.storage[self.end...]).copyMemory(from: bytes)
        self.end += bytes.count
    }

    /// Lends the free room, at least so much, to be filled by what says how many bytes it has put there.
    mutating func fill(atLeast room: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        self.reserve(room)
        let count = body(UnsafeMutableRawBufferPointer(rebasing: self.storage[self.end...]))
        if count > 0 { self.end += count }
        return count
    }

    /// Uses up bytes at the beginning.
    mutating func drop(_ count: Int) {
        Self.wipe(UnsafeMutableRawBufferPointer(rebasing: self.storage[self.start..<self.start + count]))
        self.start += count
        if self.start == self.end { (self.start, self.end) = (0, 0) }
    }

    private mutating func reserve(_ room: Int) {
        guard self.storage.count - self.end < room else { return }
        let count = self.count
        let target =
            self.storage.count - count >= room
            ? self.storage : .allocate(byteCount: max(self.storage.count * 2, count + room), alignment: 16)
        if count > 0, let from = self.storage.baseAddress, let to = target.baseAddress {
            memmove(to, from + self.start, count)
        }
        if target.baseAddress == self.storage.baseAddress {
            Self.wipe(UnsafeMutableRawBufferPointer(rebasing: target[count..<self.end]))
        } else {
            Self.wipe(self.storage)
            self.storage.deallocate()
            self.storage = target
        }
        (self.start, self.end) = (0, count)
    }

    private static func wipe(_ bytes: UnsafeMutableRawBufferPointer) { bytes.wipe() }
}

extension UnsafeMutableRawBufferPointer {
    /// Overwrites the bytes, in a way that the optimiser keeps.
    func wipe() {
        if let start = self.baseAddress { explicit_bzero(start, self.count) }
    }
}
