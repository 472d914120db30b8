/// Where the parts of a new volume go: three copies of the metadata, and the relocated first sectors.
///
/// They take the place of zeros, so that the decrypted volume is what the file system image was, byte for byte.
struct VolumeLayout {
    static let sectorSize = 512
    static let minimumSize: UInt64 = 2 << 20
    /// How much of the start of the volume is kept elsewhere: 16 sectors.
    static let relocatedSize = 16 * Self.sectorSize
    /// What the search for zeros goes by.
    static let clusterSize = 4096

    /// The offsets of the three copies.
    let copyOffsets: [UInt64]
    /// Where the first sectors are kept: right behind the first copy, as Windows 8 and later do it.
    var relocatedHeaderOffset: UInt64 { self.copyOffsets[0] + UInt64(FVEMetadata.areaSize(version: 2)) }

    /// Finds places, one in each quarter after the first where there is room, else wherever there is.
    ///
    /// - Parameter isZero: For each whole cluster, whether it holds nothing but zeros.
    init?(isZero: [Bool]) {
        let area = FVEMetadata.areaSize(version: 2) / Self.clusterSize
        let lengths = [area + Self.relocatedSize / Self.clusterSize, area, area]
        var free = isZero
        // The first sectors are replaced by BitLocker's own.
        for cluster in 0..<min(Self.relocatedSize / Self.clusterSize, free.count) { free[cluster] = false }
        var offsets: [UInt64] = []
        for (index, length) in lengths.enumerated() {
            let wanted = free.count * (index + 1) / 4
            guard let start = Self.run(of: length, in: free, from: wanted) ?? Self.run(of: length, in: free, from: 0)
            else {
                return nil
            }
            for cluster in start..<(start + length) { free[cluster] = false }
            offsets.append(UInt64(start * Self.clusterSize))
        }
        self.copyOffsets = offsets
    }

    private static func run(of length: Int, in free: [Bool], from start: Int) -> Int? {
        var found = 0
        for cluster in start..<max(start, free.count) {
            found = free[cluster] ? found + 1 : 0
            if found == length { return cluster + 1 - length }
        }
        return nil
    }

    /// Whether the volume reads as zeros here, because something of BitLocker's is in this place.
    func isReserved(_ offset: UInt64) -> Bool {
        let area = UInt64(FVEMetadata.areaSize(version: 2))
        return self.copyOffsets.enumerated().contains { index, start in
            offset >= start && offset < start + area + (index == 0 ? UInt64(Self.relocatedSize) : 0)
        }
    }
}
