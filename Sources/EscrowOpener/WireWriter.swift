import BitLocker
import EscrowCrypto

/// Writes values as frames have them: numbers big-endian, bytes and texts behind their length in 4 bytes.
struct WireWriter {
    /// What was written.
    private(set) var bytes: [UInt8] = []

    /// Begins a message; room for it is reserved, so that what is written is never moved and left behind.
    init(reserving count: Int = 256) { self.bytes.reserveCapacity(count) }

    mutating func write(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.bigEndian) { self.bytes.append(contentsOf: $0) }
    }

    mutating func write(_ bytes: [UInt8]) {
        self.write(UInt32(bytes.count))
        self.bytes.append(contentsOf: bytes)
    }

    mutating func write(_ text: String) { self.write(Array(text.utf8)) }

    /// Writes bytes whose number both sides know.
    mutating func write(bare bytes: [UInt8]) { self.bytes.append(contentsOf: bytes) }

    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        self.write(UInt32(bytes.count))
        self.bytes.append(contentsOf: bytes)
    }

    mutating func write(optional bytes: [UInt8]?) {
        self.write(UInt8(bytes == nil ? 0 : 1))
        if let bytes { self.write(bytes) }
    }

    mutating func write(_ id: GUID) {
        self.write(id.high)
        self.write(id.low)
    }
}

/// Reads what `WireWriter` writes, from bytes that may be anything.
struct WireReader {
    private var rest: UnsafeRawBufferPointer.SubSequence

    init(_ bytes: UnsafeRawBufferPointer) { self.rest = bytes[...] }

    /// Throws when something is left over.
    func end() throws(WireError) {
        guard self.rest.isEmpty else { throw .malformed }
    }

    /// How many bytes are left.
    var count: Int { self.rest.count }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws(WireError) -> Number {
        let size = MemoryLayout<Number>.size
        guard self.rest.count >= size else { throw .malformed }
        defer { self.rest = self.rest.dropFirst(size) }
        return self.rest.prefix(size).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    mutating func slice() throws(WireError) -> UnsafeRawBufferPointer {
        try self.slice(of: Int(try self.number(UInt32.self)))
    }

    /// Bytes whose number both sides know.
    mutating func slice(of count: Int) throws(WireError) -> UnsafeRawBufferPointer {
        guard count <= self.rest.count else { throw .malformed }
        defer { self.rest = self.rest.dropFirst(count) }
        return UnsafeRawBufferPointer(rebasing: self.rest.prefix(count))
    }

    mutating func bytes() throws(WireError) -> [UInt8] { Array(try self.slice()) }

    mutating func text() throws(WireError) -> String {
        guard let text = String(validating: try self.slice(), as: UTF8.self) else { throw .malformed }
        return text
    }

    mutating func flag() throws(WireError) -> Bool {
        switch try self.number(UInt8.self) {
        case 0: false
        case 1: true
        default: throw .malformed
        }
    }

    mutating func optionalBytes() throws(WireError) -> [UInt8]? { try self.flag() ? try self.bytes() : nil }

    mutating func id() throws(WireError) -> GUID {
        GUID(high: try self.number(UInt64.self), low: try self.number(UInt64.self))
    }

    /// A list that is announced by its length; each item takes at least `size` bytes, so that no length can ask for more
    /// memory than the message has bytes.
    mutating func list<Item>(
        ofAtLeast size: Int,
        _ read: (inout WireReader) throws(WireError) -> Item
    ) throws(WireError) -> [Item] {
        let count = Int(try self.number(UInt32.self))
        guard count <= self.rest.count / size else { throw .malformed }
        var items: [Item] = []
        items.reserveCapacity(count)
        for _ in 0..<count { items.append(try read(&self)) }
        return items
    }
}

/// Why bytes are not a message.
package enum WireError: Error, Hashable, Sendable {
    /// The bytes are not a message of this protocol.
    case malformed
    /// A frame says that it is longer than any may be.
    case tooLong
}
