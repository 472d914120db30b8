/// One copy of the metadata, changed and given a right checksum: what somebody can do who holds no key.
struct Forgery {
    var area: [UInt8]
    let size: Int

    init(of volume: [UInt8], at offset: Int) {
        self.init(area: Array(volume[offset..<min(offset + 65536, volume.count)]))
    }

    init(area: [UInt8]) {
        self.area = area
        self.size = Int(area[8]) * 16 + Int(area[9]) * 4096
    }

    func changing(byteAt offset: Int) -> [UInt8] {
        var changed = self
        changed.area[offset] ^= 1
        return changed.withRightChecksum
    }

    var withRightChecksum: [UInt8] {
        var area = self.area
        var crc: UInt32 = .max
        for byte in area[..<self.size] {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
        }
        for index in 0..<4 { area[self.size + 4 + index] = UInt8(truncatingIfNeeded: ~crc >> (8 * UInt32(index))) }
        return area
    }
}
