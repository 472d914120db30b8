/// How messages stand on the socket: the length of what follows in 4 bytes, the message's number in 8, the message.
enum Frame {
    /// How many bytes a frame has before its message.
    static let headLength = 12
    /// The longest message: a keyring document, or a batch of records with what they are the secrets of.
    static let longestMessage = 4 << 20

    /// Puts a frame into a buffer.
    static func write(_ message: [UInt8], number: UInt64, to buffer: inout WipedBuffer) {
        var head = WireWriter(reserving: Self.headLength)
        head.write(UInt32(message.count + 8))
        head.write(number)
        head.bytes.withUnsafeBytes { buffer.append($0) }
        message.withUnsafeBytes { buffer.append($0) }
    }

    /// Takes every whole frame out of a buffer, and gives what `read` makes of each: of its number and its message, which
    /// is wiped afterwards.
    static func read(
        from buffer: inout WipedBuffer,
        _ read: (UInt64, UnsafeRawBufferPointer) throws(WireError) -> Void
    ) throws(WireError) {
        while buffer.count >= Self.headLength {
            let length = try buffer.withUnsafeBytes { (bytes) throws(WireError) -> Int? in
                var reader = WireReader(bytes)
                let length = Int(try reader.number(UInt32.self))
                guard (8...Self.longestMessage + 8).contains(length) else { throw .tooLong }
                guard reader.count >= length else { return nil }
                let number = try reader.number(UInt64.self)
                try read(number, UnsafeRawBufferPointer(rebasing: bytes[Self.headLength..<length + 4]))
                return length + 4
            }
            guard let length else { return }
            buffer.drop(length)
        }
    }
}
