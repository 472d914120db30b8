/// Reads of little-endian integers from untrusted bytes: nil where the bytes end too early, never a trap.
extension Collection<UInt8> where Index == Int {
    /// The unsigned integer at `offset` bytes from the start.
    func integer<Value: FixedWidthInteger & UnsignedInteger>(_: Value.Type = Value.self, at offset: Int) -> Value? {
        let width = Value.bitWidth / 8
        guard offset >= 0, self.count >= width, offset <= self.count - width else { return nil }
        var value: Value = 0
        for index in (0..<width).reversed() {
            value = value << 8 | Value(truncatingIfNeeded: self[self.startIndex + offset + index])
        }
        return value
    }
}

extension RandomAccessCollection<UInt8> where Index == Int {
    /// The `length` bytes at `offset` bytes from the start.
    func part(at offset: Int, length: Int) -> SubSequence? {
        guard offset >= 0, length >= 0, self.count >= length, offset <= self.count - length else { return nil }
        return self[(self.startIndex + offset)..<(self.startIndex + offset + length)]
    }

    /// The GUID in its on-disk form at `offset` bytes from the start.
    func guid(at offset: Int) -> GUID? {
        self.part(at: offset, length: 16).flatMap { GUID(windowsBytes: $0) }
    }
}

extension [UInt8] {
    /// Appends an integer in little-endian order.
    mutating func append<Value: FixedWidthInteger>(littleEndian value: Value) {
        for shift in stride(from: 0, to: Value.bitWidth, by: 8) {
            self.append(UInt8(truncatingIfNeeded: value >> Value(shift)))
        }
    }

    /// Replaces the bytes at `offset` by an integer in little-endian order; the caller knows that they exist.
    mutating func put<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        for index in 0..<(Value.bitWidth / 8) {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> Value(index * 8))
        }
    }
}
