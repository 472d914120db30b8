import BitLocker

/// A volume as Windows Vista laid it out, with keys that open nothing: enough to be read.
enum VistaVolume {
    static let offsets: [UInt64] = [0x10000, 0x18000, 0x20000]
    static let protector = GUID(high: 0x0102_0304_0506_4708, low: 0x8900_0000_0000_0001)

    static let bytes: [UInt8] = {
        var volume = [UInt8](repeating: 0, count: 0x28000)
        volume.replaceSubrange(0..<11, with: [0xEB, 0x52, 0x90] + Array("-FVE-FS-".utf8))
        put(512, 2, &volume, 11)
        volume[13] = 8
        put(offsets[0] / 4096, 8, &volume, 56)

        var area = [UInt8](repeating: 0, count: 0x4000)
        let sealed: (Int) -> [UInt8] = { count in
            header(36 + count, role: 0, kind: 5) + [UInt8](repeating: 7, count: 28 + count)
        }
        var stretch = header(28 + 64, role: 0, kind: 3) + [0, 0x10, 0, 0] + [UInt8](repeating: 9, count: 16)
        stretch += sealed(28)
        let nested = stretch + sealed(44)
        let protectorEntry =
            header(36 + nested.count, role: 2, kind: 8) + protector.windowsBytes
            + [UInt8](repeating: 1, count: 8) + [0, 0, 0, 8] + nested
        let entries = protectorEntry + header(36 + 76, role: 3, kind: 5) + [UInt8](repeating: 7, count: 28 + 76)
        let datasetSize = 48 + entries.count
        let size = (64 + datasetSize + 15) / 16 * 16
        area.replaceSubrange(0..<8, with: Array("-FVE-FS-".utf8))
        put(UInt64(size), 2, &area, 8)
        put(1, 2, &area, 10)
        put(4, 2, &area, 12)
        put(4, 2, &area, 14)
        for index in 0..<3 { put(offsets[index], 8, &area, 32 + 8 * index) }
        put(UInt64(datasetSize), 4, &area, 64)
        put(1, 4, &area, 68)
        put(48, 4, &area, 72)
        put(UInt64(datasetSize), 4, &area, 76)
        put(9, 4, &area, 96)
        put(0x8000, 2, &area, 100)
        area.replaceSubrange(112..<(112 + entries.count), with: entries)
        put(UInt64(0x4000 - size), 2, &area, size)
        put(1, 2, &area, size + 2)
        area.replaceSubrange((size + 8)..<(size + 88), with: sealed(44))
        var crc: UInt32 = .max
        for byte in area[..<size] {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
        }
        put(UInt64(~crc), 4, &area, size + 4)
        for offset in offsets { volume.replaceSubrange(Int(offset)..<(Int(offset) + area.count), with: area) }
        return volume
    }()

    private static func put(_ value: UInt64, _ width: Int, _ bytes: inout [UInt8], _ offset: Int) {
        for index in 0..<width { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
    }

    private static func header(_ size: Int, role: UInt8, kind: UInt8) -> [UInt8] {
        [UInt8(truncatingIfNeeded: size), UInt8(truncatingIfNeeded: size >> 8), role, 0, kind, 0, 1, 0]
    }
}
