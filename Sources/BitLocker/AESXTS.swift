import Crypto
import CryptoExtras
import FoundationEssentials

/// AES-XTS over whole sectors, from the bare block permutation.
///
/// For volumes of a few megabytes: it is a tenth as fast as the processor could do it.
/// Source: IEEE 1619-2018; NIST SP 800-38E.
package struct AESXTS {
    private let dataKey: SymmetricKey
    private let tweakKey: SymmetricKey

    /// Takes a key of 32 bytes (XTS-AES 128) or 64 bytes (XTS-AES 256): data key, then tweak key. Nil for other lengths.
    package init?(key: borrowing SecretBytes) {
        guard key.count == 32 || key.count == 64 else { return nil }
        let half = key.count / 2
        self.dataKey = key.withUnsafeBytes { SymmetricKey(data: UnsafeRawBufferPointer(rebasing: $0[..<half])) }
        self.tweakKey = key.withUnsafeBytes { SymmetricKey(data: UnsafeRawBufferPointer(rebasing: $0[half...])) }
    }

    /// Encrypts whole sectors in place; `bytes` is a multiple of `sectorSize` long, and that of 16.
    ///
    /// - Parameter firstSector: The number of the first of them, counted from the start of the volume.
    package func encrypt(_ bytes: inout [UInt8], firstSector: UInt64, sectorSize: Int = 512) throws {
        for start in stride(from: 0, to: bytes.count, by: sectorSize) {
            try self.encrypt(
                &bytes,
                from: start,
                to: min(start + sectorSize, bytes.count),
                sector: firstSector + UInt64(start / sectorSize)
            )
        }
    }

    private func encrypt(_ bytes: inout [UInt8], from start: Int, to end: Int, sector: UInt64) throws {
        var tweak = [UInt8](repeating: 0, count: 16)
        tweak.put(sector, at: 0)
        try AES.permute(&tweak, key: self.tweakKey)
        var low: UInt64 = tweak.integer(at: 0) ?? 0
        var high: UInt64 = tweak.integer(at: 8) ?? 0
        try bytes.withUnsafeMutableBytes { buffer in
            for at in stride(from: start, to: end - 15, by: 16) {
                var block = UnsafeMutableRawBufferPointer(rebasing: buffer[at..<(at + 16)])
                Self.xor(block, low, high)
                try AES.permute(&block, key: self.dataKey)
                Self.xor(block, low, high)
                // Multiply the tweak by x in GF(2^128).
                let carry: UInt64 = high >> 63 == 1 ? 0x87 : 0
                high = high << 1 | low >> 63
                low = low << 1 ^ carry
            }
        }
    }

    private static func xor(_ block: UnsafeMutableRawBufferPointer, _ low: UInt64, _ high: UInt64) {
        for (word, offset) in [(low, 0), (high, 8)] {
            let old = UInt64(littleEndian: block.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            block.storeBytes(of: (old ^ word).littleEndian, toByteOffset: offset, as: UInt64.self)
        }
    }
}
