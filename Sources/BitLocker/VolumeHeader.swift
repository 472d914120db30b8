/// The first sector of a BitLocker volume, as far as it says where the metadata is.
public struct VolumeHeader: Hashable, Sendable {
    /// What kind of volume it is.
    public let kind: Kind
    /// Bytes in a sector, 512 or 4096.
    public let bytesPerSector: Int
    /// Where the copies of the metadata are, in bytes from the start of the volume; on Windows Vista only the first.
    public let copyOffsets: [UInt64]
    /// The volume is, or was, encrypted as it is written to ("used space only").
    public let isEncryptOnWrite: Bool

    /// How many bytes of the volume are looked at.
    public static let size = 512

    /// What wrote the volume.
    public enum Kind: String, Hashable, Sendable {
        /// Windows Vista.
        case vista
        /// Windows 7 and later.
        case windows7
        /// BitLocker To Go: a removable drive with FAT or exFAT.
        case toGo
    }

    static let normal = GUID(high: 0x4967_D63B_2E29_4AD8, low: 0x8399_F6A3_39E3_D001)
    private static let encryptOnWrite = GUID(high: 0x92A8_4D3B_DD80_4D0E, low: 0x9E4E_B1E3_284E_AED8)

    /// Reads the first 512 bytes; nil when they are not those of a BitLocker volume.
    public init?(parsing sector: some RandomAccessCollection<UInt8>) {
        let bytes = Array(sector.prefix(Self.size))
        guard bytes.count == Self.size else { return nil }
        // exFAT on Windows 10 1903 says 0.
        let bytesPerSector: UInt16 = bytes.integer(at: 11) ?? 0
        guard bytesPerSector == 0 || bytesPerSector == 512 || bytesPerSector == 4096 else { return nil }
        self.bytesPerSector = bytesPerSector == 0 ? 512 : Int(bytesPerSector)

        let name = bytes[3..<11]
        let identifierAt: Int
        if name.elementsEqual(FVEMetadata.signature) {
            if bytes[0] == 0xEB, bytes[1] == 0x52 {
                guard let offset = Self.vistaOffset(bytes, bytesPerSector: UInt64(self.bytesPerSector)) else {
                    return nil
                }
                self.kind = .vista
                self.copyOffsets = [offset]
                self.isEncryptOnWrite = false
                return
            }
            self.kind = .windows7
            identifierAt = 160
        } else if name.elementsEqual("MSWIN4.1".utf8) {
            self.kind = .toGo
            identifierAt = 424
        } else {
            return nil
        }
        guard let identifier = bytes.guid(at: identifierAt),
            identifier == Self.normal || identifier == Self.encryptOnWrite
        else { return nil }
        self.isEncryptOnWrite = identifier == Self.encryptOnWrite
        self.copyOffsets = [16, 24, 32].map { bytes.integer(at: identifierAt + $0) ?? 0 }
    }

    /// Vista gives the first copy by cluster.
    private static func vistaOffset(_ bytes: [UInt8], bytesPerSector: UInt64) -> UInt64? {
        guard let cluster: UInt64 = bytes.integer(at: 56), cluster > 0 else { return nil }
        let (offset, overflow) = cluster.multipliedReportingOverflow(by: UInt64(bytes[13]) * bytesPerSector)
        return overflow ? nil : offset
    }
}
