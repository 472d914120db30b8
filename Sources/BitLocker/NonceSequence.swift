/// The nonces of one operation: its time, and a counter that goes on from operation to operation.
///
/// No nonce may ever be used twice with one key. The counter sees to that on one copy of the metadata; the time does
/// where a copy with a lower counter is restored.
struct NonceSequence {
    private let time: FileTime
    /// The counter of the nonce that comes next.
    private(set) var counter: UInt32

    init(time: FileTime, counter: UInt32) {
        self.time = time
        self.counter = counter
    }

    /// Takes the next 12-byte nonce; nil when the counter has come to its end.
    mutating func next() -> [UInt8]? {
        guard self.counter < UInt32.max else { return nil }
        var nonce: [UInt8] = []
        nonce.append(littleEndian: self.time.ticks)
        nonce.append(littleEndian: self.counter)
        self.counter += 1
        return nonce
    }
}
