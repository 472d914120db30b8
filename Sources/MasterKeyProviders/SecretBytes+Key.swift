import BitLocker
import Crypto
import FoundationEssentials
import Glibc

extension SecretBytes {
    /// The bytes of a key, in the type that cannot be copied.
    init(_ key: SymmetricKey) {
        self.init(count: key.bitCount / 8) { storage in
            key.withUnsafeBytes { storage.copyMemory(from: $0) }
        }
    }
}

extension [UInt8] {
    /// Overwrites the bytes in place, in a way that the optimiser keeps.
    mutating func wipe() {
        self.withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { explicit_bzero(start, buffer.count) }
        }
    }
}

extension Data {
    /// Overwrites the bytes in place, in a way that the optimiser keeps.
    mutating func wipe() {
        self.withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { explicit_bzero(start, buffer.count) }
        }
    }
}
