import Glibc

/// A fixed number of secret bytes in one heap allocation that is wiped before it is freed.
///
/// On the heap rather than inline, because moving an inline value leaves copies of it on the stack. Wiping is best
/// effort all the same: whoever handed the bytes over may have kept a copy, and swap and core dumps exist.
///
/// `@unchecked Sendable` holds because the allocation has exactly one owner (the type cannot be copied) and is never
/// written after `init`.
package struct SecretBytes: ~Copyable, @unchecked Sendable {
    private let storage: UnsafeMutableRawBufferPointer

    /// Allocates `count` zero bytes and has `fill` write them; what was written is wiped when `fill` throws.
    package init<Failure: Error>(
        count: Int,
        fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        storage.initializeMemory(as: UInt8.self, repeating: 0)
        do {
            try fill(storage)
        } catch {
            Self.discard(storage)
            throw error
        }
        self.storage = storage
    }

    /// Copies bytes that the caller holds.
    package init(copying bytes: Span<UInt8>) {
        self.init(count: bytes.count) { storage in
            for index in bytes.indices { storage[index] = bytes[index] }
        }
    }

    /// Draws bytes from a source of randomness.
    package init(count: Int, using generator: inout some RandomNumberGenerator) {
        let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        for index in 0..<count {
            storage[index] = UInt8(truncatingIfNeeded: generator.next() as UInt64)
        }
        self.storage = storage
    }

    deinit {
        Self.discard(self.storage)
    }

    /// How many bytes there are.
    package var count: Int { self.storage.count }

    /// Lends the bytes; they must not be copied to anything that is not wiped.
    package borrowing func withSpan<Value: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try body(Span(_unsafeBytes: UnsafeRawBufferPointer(self.storage)))
    }

    /// Lends the bytes as a pointer, for what takes no span yet.
    package borrowing func withUnsafeBytes<Value: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try body(UnsafeRawBufferPointer(self.storage))
    }

    /// Compares in a time that depends on the lengths only.
    package borrowing func matches(_ other: borrowing SecretBytes) -> Bool {
        self.withSpan { mine in other.withSpan { theirs in constantTimeEqual(mine, theirs) } }
    }

    private static func discard(_ storage: UnsafeMutableRawBufferPointer) {
        if let start = storage.baseAddress { explicit_bzero(start, storage.count) }
        storage.deallocate()
    }
}

/// Compares in a time that depends on the lengths only.
func constantTimeEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}

/// Overwrites an array in place, in a way that the optimiser keeps.
func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { buffer in
        if let start = buffer.baseAddress { explicit_bzero(start, buffer.count) }
    }
}
