/// BitLocker's on-disk description of a volume: one valid copy of it.
///
/// That a copy is valid means that its checksum is right and that it does not contradict itself; that nobody tampered
/// with it is known only after a proof, since the hash that says so is sealed by the volume master key.
/// Source: libbde's format documentation, cryptsetup's `bitlk.c`; measured on volumes that Windows made.
public struct FVEMetadata: Sendable {
    /// 1 (Windows Vista) or 2 (Windows 7 and later).
    public let version: UInt16
    /// How far the encryption has got.
    public let conversionState: ConversionState
    /// How many bytes are encrypted, or how far a conversion has come; 0 in version 1.
    public let encryptedBytes: UInt64
    /// Where the three copies are, in bytes from the start of the volume.
    public let copyOffsets: [UInt64]
    /// Where the encrypted first sectors of the volume are kept; nil in version 1.
    public let relocatedHeaderOffset: UInt64?
    /// The volume ID.
    public let volumeID: GUID
    /// Goes up with every change to the metadata: of two copies of one volume, the one with the higher is the newer.
    public let nextNonce: UInt32
    /// How the sectors are encrypted.
    public let encryptionMethod: EncryptionMethod
    /// When the volume was first protected.
    public let created: FileTime
    /// What Windows wrote when it did that: computer name, volume label and date.
    public let description: String?
    /// The key protectors, in the order of the metadata.
    public let protectors: [KeyProtector]

    /// What is covered by checksum and hash: block header, dataset header, entries, padding.
    let information: ArraySlice<UInt8>
    /// The first 88 bytes of what follows: size, version, checksum, the sealed hash.
    let validation: ArraySlice<UInt8>
    /// The entries, in order.
    let datums: [Datum]

    static let blockHeaderSize = 64
    static let datasetHeaderSize = 48
    static let headerSize = Self.blockHeaderSize + Self.datasetHeaderSize
    static let validationSize = 88
    static let signature: [UInt8] = Array("-FVE-FS-".utf8)

    /// The bytes of the volume that one copy has to itself: 64 KiB, in version 1 16 KiB.
    static func areaSize(version: UInt16) -> Int { version == 1 ? 0x4000 : 0x1_0000 }

    /// The protector with this ID.
    public func protector(_ id: GUID) -> KeyProtector? {
        self.protectors.first { $0.id == id }
    }

    /// The entry of the protector with this ID.
    func datum(ofProtector id: GUID) -> Datum? {
        self.datums.first { $0.isProtector && $0.bytes.guid(at: 8) == id }
    }

    /// Whether both are the same byte for byte.
    func isIdentical(to other: FVEMetadata) -> Bool {
        self.information == other.information && self.validation == other.validation
    }
}

extension Datum {
    /// A key protector, where key protectors stand.
    var isProtector: Bool { self.kind == .protector && self.role == DatumRole.protector }
}
