/// What a new volume is to contain, before it is encrypted.
enum PlainContent: ~Copyable {
    /// A boot sector, and zeros up to this size.
    case empty(size: UInt64, bootSector: [UInt8])
    /// A file system image.
    case image(VolumeFile)

    /// Opens what the caller names, if a volume can be made of it.
    static func open(_ content: VolumeFormatter.Content) throws(VolumeEditError) -> PlainContent {
        let plain = try Self.unchecked(content)
        guard plain.size >= VolumeLayout.minimumSize, plain.size <= UInt64(Int64.max),
            plain.size.isMultiple(of: UInt64(VolumeLayout.sectorSize))
        else { throw .unusableSize }
        return plain
    }

    private static func unchecked(_ content: VolumeFormatter.Content) throws(VolumeEditError) -> PlainContent {
        switch content {
        case .empty(let size):
            return .empty(size: size, bootSector: Self.bootSector(size: size))
        case .fileSystem(let path):
            do throws(VolumeAccessError) {
                return .image(try VolumeFile(path: path, access: .reading))
            } catch {
                throw .access(error)
            }
        }
    }

    /// How many bytes there are.
    var size: UInt64 {
        switch self {
        case .empty(let size, _): size
        case .image(let file): file.size
        }
    }

    /// Reads `count` bytes, or as many as there are.
    func read(at offset: UInt64, count: Int) throws(VolumeAccessError) -> [UInt8] {
        switch self {
        case .empty(let size, let bootSector):
            guard offset < size else { return [] }
            var bytes = [UInt8](repeating: 0, count: Int(min(UInt64(count), size - offset)))
            if offset == 0 { bytes.replaceSubrange(0..<min(bytes.count, bootSector.count), with: bootSector) }
            return bytes
        case .image(let file):
            return try file.read(at: offset, count: count)
        }
    }

    /// Finds room for the metadata.
    func layout() throws(VolumeEditError) -> VolumeLayout {
        var isZero: [Bool] = []
        for offset in stride(from: 0, to: self.size, by: VolumeLayout.clusterSize) {
            do throws(VolumeAccessError) {
                let cluster = try self.read(at: offset, count: VolumeLayout.clusterSize)
                isZero.append(cluster.count == VolumeLayout.clusterSize && cluster.allSatisfy { $0 == 0 })
            } catch {
                throw .access(error)
            }
        }
        guard let layout = VolumeLayout(isZero: isZero) else { throw .unusableSize }
        return layout
    }

    /// Enough of an NTFS boot sector for tools to say that the volume is one.
    private static func bootSector(size: UInt64) -> [UInt8] {
        var sector = [UInt8](repeating: 0, count: VolumeLayout.sectorSize)
        sector.replaceSubrange(0..<11, with: [0xEB, 0x52, 0x90] + "NTFS    ".utf8)
        sector.put(UInt16(VolumeLayout.sectorSize), at: 11)
        sector[13] = 8
        sector[21] = 0xF8
        sector.put(0x0080_0080 as UInt32, at: 36)
        sector.put(size / UInt64(VolumeLayout.sectorSize) - 1, at: 40)
        sector.put(4 as UInt64, at: 48)
        sector.put(2 as UInt64, at: 56)
        sector[64] = 0xF6
        sector[68] = 1
        sector.put(0xAA55 as UInt16, at: 510)
        return sector
    }
}

extension VolumeHeader {
    /// The first sector of a volume of Windows 7 or later.
    static func encoded(copyOffsets: [UInt64]) -> [UInt8] {
        var sector = [UInt8](repeating: 0, count: Self.size)
        sector.replaceSubrange(0..<11, with: [0xEB, 0x58, 0x90] + FVEMetadata.signature)
        sector.put(UInt16(VolumeLayout.sectorSize), at: 11)
        sector[13] = 8
        sector[21] = 0xF8
        sector.put(63 as UInt16, at: 24)
        sector.put(255 as UInt16, at: 26)
        // From here to the file system's name it looks like FAT32, so that old systems do not offer to format it.
        sector.put(0x1FE0 as UInt32, at: 36)
        sector.put(1 as UInt16, at: 48)
        sector.put(6 as UInt16, at: 50)
        sector[64] = 0x80
        sector[66] = 0x29
        sector.replaceSubrange(71..<90, with: "NO NAME    FAT32   ".utf8)
        sector.replaceSubrange(160..<176, with: Self.normal.windowsBytes)
        for (index, offset) in copyOffsets.prefix(3).enumerated() { sector.put(offset, at: 176 + 8 * index) }
        sector.put(0xAA55 as UInt16, at: 510)
        return sector
    }
}
