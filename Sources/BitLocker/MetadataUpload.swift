/// The bytes that leave a device so that a server can prove a secret: the first sector and the used part of one copy.
///
/// Form: the 512 bytes of the sector, then the information block, then the first 88 bytes of the validation block; with
/// a mark before it all when key material was stripped. About 1.5 KiB for the volumes that Windows makes.
public struct MetadataUpload: Sendable {
    /// The most bytes that are looked at.
    public static let maximumSize = 128 * 1024

    /// The bytes, as they are sent and stored.
    public let bytes: [UInt8]
    /// The first sector, interpreted.
    public let header: VolumeHeader
    /// The copy of the metadata.
    public let metadata: FVEMetadata
    /// Key material that could be guessed was removed, and with it the means to see tampering.
    public let isStripped: Bool

    private static let strippedMark: [UInt8] = Array("-FVE-STRIPPED-1\0".utf8)

    /// Takes the newest valid copy of a volume. Throws where the copy and the volume's first sector disagree on where the
    /// copies are: such an upload would not be read.
    public init(from volume: VolumeMetadata) throws(MetadataUploadError) {
        guard let metadata = volume.newest else { throw .noValidMetadata }
        guard Self.isOneVolume(volume.header, metadata) else { throw .invalid(.malformed(.otherVolume)) }
        self.init(firstSector: volume.firstSector[...], header: volume.header, metadata: metadata, isStripped: false)
    }

    /// Reads an upload; bytes after the used part of the copy are ignored and not kept.
    public init(parsing bytes: some RandomAccessCollection<UInt8>) throws(MetadataUploadError) {
        guard bytes.count <= Self.maximumSize else { throw .tooLarge(bytes: bytes.count) }
        var rest = Array(bytes)[...]
        let isStripped = rest.starts(with: Self.strippedMark)
        if isStripped { rest = rest.dropFirst(Self.strippedMark.count) }
        guard let sector = rest.part(at: 0, length: VolumeHeader.size) else { throw .invalid(.truncated) }
        guard let header = VolumeHeader(parsing: sector) else { throw .notBitLocker }
        let metadata: FVEMetadata
        do throws(CopyProblem) {
            metadata = try FVEMetadata(parsing: rest.dropFirst(VolumeHeader.size))
        } catch {
            throw .invalid(error)
        }
        guard Self.isOneVolume(header, metadata) else { throw .invalid(.malformed(.otherVolume)) }
        self.init(firstSector: sector, header: header, metadata: metadata, isStripped: isStripped)
    }

    init(firstSector: ArraySlice<UInt8>, header: VolumeHeader, metadata: FVEMetadata, isStripped: Bool) {
        self.bytes = (isStripped ? Self.strippedMark : []) + firstSector + metadata.information + metadata.validation
        self.header = header
        self.metadata = metadata
        self.isStripped = isStripped
    }

    private static func isOneVolume(_ header: VolumeHeader, _ metadata: FVEMetadata) -> Bool {
        (metadata.version == 1) == (header.kind == .vista) && metadata.copyOffsets.starts(with: header.copyOffsets)
    }

    /// The volume ID.
    public var volumeID: GUID { self.metadata.volumeID }

    /// Goes up with every change to the metadata: an upload with a lower one than before is a replay.
    public var nextNonce: UInt32 { self.metadata.nextNonce }

    /// The key protectors of the volume.
    public var protectors: [KeyProtector] { self.metadata.protectors }

    /// What should be known about the volume, as far as one copy tells.
    public var conditions: Set<VolumeCondition> {
        self.header.isEncryptOnWrite ? self.metadata.conditions.union([.usedSpaceOnly]) : self.metadata.conditions
    }

    var firstSector: ArraySlice<UInt8> {
        self.bytes.dropFirst(self.isStripped ? Self.strippedMark.count : 0).prefix(VolumeHeader.size)
    }
}

/// Why bytes are not an upload of FVE metadata.
public enum MetadataUploadError: Error, Hashable, Sendable {
    /// More than 128 KiB.
    case tooLarge(bytes: Int)
    /// The first 512 bytes are not those of a BitLocker volume.
    case notBitLocker
    /// What follows is not a valid copy of the metadata.
    case invalid(CopyProblem)
    /// The volume has no valid copy to take.
    case noValidMetadata
}

extension MetadataUploadError: CustomStringConvertible {
    /// What is wrong, and what to do about it.
    public var description: String {
        switch self {
        case .tooLarge(let bytes):
            "FVE metadata has at most \(MetadataUpload.maximumSize) bytes and this has \(bytes): "
                + "send the volume's first sector and one copy of the metadata"
        case .notBitLocker: "the first 512 bytes are not the first sector of a BitLocker volume: send that sector first"
        case .invalid(let problem): "the copy of the metadata cannot be used: \(problem). Send another copy"
        case .noValidMetadata: "the volume has no valid copy of the metadata: its protection must be set up again"
        }
    }
}
