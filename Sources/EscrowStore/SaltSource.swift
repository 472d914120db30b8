import AuditLog
import Glibc

/// Salts of log entries from the system's random generator, which is asked for several at a time: a call for each
/// word of each salt would cost as much as the entry's hash.
struct SaltSource {
    /// The most bytes that the system gives at once (getentropy(3)), which are 8 salts.
    private static let bytesAtOnce = 256
    private var bytes: [UInt8] = []

    /// 32 bytes that nobody can guess, and that were never given before.
    mutating func next() -> [UInt8] {
        if self.bytes.count < LogEntry.saltByteCount { self.refill() }
        let salt = Array(self.bytes.suffix(LogEntry.saltByteCount))
        self.bytes.removeLast(LogEntry.saltByteCount)
        return salt
    }

    private mutating func refill() {
        self.bytes = [UInt8](unsafeUninitializedCapacity: Self.bytesAtOnce) { buffer, initializedCount in
            // The call cannot fail for so few bytes on a system that has it. Were it to, Swift's own way to them waits or traps.
            if getentropy(buffer.baseAddress, Self.bytesAtOnce) != 0 {
                for index in 0..<Self.bytesAtOnce { buffer[index] = UInt8.random(in: .min ... .max) }
            }
            initializedCount = Self.bytesAtOnce
        }
    }
}
