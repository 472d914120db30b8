import FoundationEssentials
import Glibc

/// Standard output for what was asked for, standard error for everything else.
enum Console {
    /// Writes a line of what was asked for.
    static func print(_ line: String) { Self.write(Array((line + "\n").utf8), to: STDOUT_FILENO) }

    /// Writes a line for whoever watches.
    static func error(_ line: String) { Self.write(Array((line + "\n").utf8), to: STDERR_FILENO) }

    /// Writes bytes of what was asked for.
    static func print(bytes: [UInt8]) { Self.write(bytes, to: STDOUT_FILENO) }

    /// Writes a value as JSON that people can read too.
    static func print(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Self.print(bytes: Array(try encoder.encode(value)) + Array("\n".utf8))
    }

    /// Writes everything, or ends the program when nobody reads any more.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { exit(1) }
            done += count
        }
    }
}
