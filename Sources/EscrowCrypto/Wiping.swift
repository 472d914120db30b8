import FoundationEssentials
import Glibc

extension Data {
    /// Overwrites the bytes in place, in a way that the optimiser keeps.
    ///
    /// Best effort: it reaches this buffer, not copies that a library made on the way to it.
    mutating func wipe() {
        self.withUnsafeMutableBytes { bytes in
            if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
        }
    }
}
