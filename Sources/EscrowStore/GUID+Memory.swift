import BitLocker

extension GUID {
    /// Reads 16 bytes in the order of the text form, as they lie in memory.
    init(at start: UnsafeRawPointer) {
        self.init(
            high: UInt64(bigEndian: start.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: start.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }
}
