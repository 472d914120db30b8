public import FoundationEssentials
import Glibc

/// Makes BitLocker volumes, from nothing or around a file system image.
///
/// They are real: what opens volumes of Windows opens these too. Meant for simulated devices and for tests.
/// Source: the recipe that cryptsetup, dislocker, libbde and dissect.fve were seen to accept.
public struct VolumeFormatter: Sendable {
    /// How to encrypt: `xts128` or `xts256`.
    public let method: Method
    /// What the metadata says about the volume; Windows writes computer name, volume label and date.
    public let description: String

    /// The methods that can be written.
    public enum Method: String, Hashable, Sendable, CaseIterable {
        /// XTS-AES 128, the default of Windows 10 and later.
        case xts128
        /// XTS-AES 256.
        case xts256

        /// The same among all methods that can be read.
        public var encryptionMethod: EncryptionMethod { self == .xts128 ? .xts128 : .xts256 }
    }

    /// What the volume is to contain.
    public enum Content: Sendable {
        /// Zeros behind an NTFS boot sector; so many bytes, a multiple of 4096 and at least 2 MiB.
        case empty(size: UInt64)
        /// The file system image at this path.
        case fileSystem(imageAt: String)
    }

    /// What was made.
    public struct Result: Hashable, Sendable {
        /// The volume ID.
        public let volumeID: GUID
        /// The protector of the recovery password.
        public let recoveryPasswordProtector: GUID
        /// The protector of the simulated TPM, where there is one.
        public let tpmProtector: GUID?
    }

    /// Chooses how volumes are made.
    public init(method: Method = .xts128, description: String = "SIMULATED OSDisk") {
        self.method = method
        self.description = description
    }

    /// Makes a volume in a new file, with a first recovery password and, if wanted, a simulated TPM.
    ///
    /// Fails when the file exists; leaves no file behind when it fails.
    public func format(
        newFileAt path: String,
        content: Content,
        recoveryPassword: borrowing RecoveryPassword,
        simulatedTPM: SimulatedTPM? = nil,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(VolumeEditError) -> Result {
        let plain = try PlainContent.open(content)
        let layout = try plain.layout()
        let keys = NewKeys(size: self.method.encryptionMethod.keySize ?? 0, using: &generator)
        var metadata = try NewMetadata(formatter: self, size: plain.size, layout: layout, now: now, using: &generator)
        let area = try metadata.area(keys, recoveryPassword, simulatedTPM, using: &generator)
        guard let cipher = AESXTS(key: keys.volumeKey) else { throw .unusableSize }
        do {
            let file = try VolumeFile(path: path, access: .creating)
            do {
                try Self.write(plain, layout, cipher, area, to: file)
            } catch {
                unlink(path)
                throw error
            }
        } catch let error as VolumeAccessError {
            throw .access(error)
        } catch {
            throw .unusableSize
        }
        return metadata.result
    }

    private static func write(
        _ plain: borrowing PlainContent,
        _ layout: VolumeLayout,
        _ cipher: AESXTS,
        _ area: [UInt8],
        to file: borrowing VolumeFile
    ) throws {
        try file.setSize(plain.size)
        let sectorSize = UInt64(VolumeLayout.sectorSize)
        for offset in stride(from: 0, to: plain.size, by: VolumeLayout.clusterSize) where !layout.isReserved(offset) {
            var cluster = try plain.read(at: offset, count: VolumeLayout.clusterSize)
            try cipher.encrypt(&cluster, firstSector: offset / sectorSize)
            try file.write(cluster, at: offset)
        }
        var first = try plain.read(at: 0, count: VolumeLayout.relocatedSize)
        try cipher.encrypt(&first, firstSector: layout.relocatedHeaderOffset / sectorSize)
        try file.write(first, at: layout.relocatedHeaderOffset)
        for offset in layout.copyOffsets { try file.write(area, at: offset) }
        try file.write(VolumeHeader.encoded(copyOffsets: layout.copyOffsets), at: 0)
        try file.synchronize()
    }
}
