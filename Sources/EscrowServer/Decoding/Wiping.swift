import Glibc

extension [UInt8] {
    /// Overwrites the bytes in place, in a way that the optimiser keeps. Best effort: a copy made before stays.
    mutating func wipe() {
        self.withUnsafeMutableBytes { bytes in
            if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
        }
    }
}
