import FoundationEssentials

/// The keys of a volume that is being made.
struct NewKeys: ~Copyable {
    /// What the sectors are encrypted with.
    let volumeKey: SecretBytes
    let masterKey: MasterKey

    init(size: Int, using generator: inout some RandomNumberGenerator) {
        self.volumeKey = SecretBytes(count: size, using: &generator)
        self.masterKey = MasterKey(SecretBytes(count: MasterKey.size, using: &generator))
    }
}

/// The metadata of a volume that is being made.
struct NewMetadata {
    private let method: EncryptionMethod
    private let layout: VolumeLayout
    private let time: FileTime
    private var builder: MetadataBuilder
    private(set) var result: VolumeFormatter.Result

    init(
        formatter: VolumeFormatter,
        size: UInt64,
        layout: VolumeLayout,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(VolumeEditError) {
        self.method = formatter.method.encryptionMethod
        self.layout = layout
        self.time = FileTime(now)
        self.result = VolumeFormatter.Result(
            volumeID: GUID.random(using: &generator),
            recoveryPasswordProtector: GUID.random(using: &generator),
            tpmProtector: GUID.random(using: &generator)
        )
        self.builder = MetadataBuilder(
            header: Self.header(
                size: size,
                layout: layout,
                volumeID: self.result.volumeID,
                method: self.method,
                time: self.time
            )
        )
        // An entry holds up to 64 KiB, and the metadata is to hold key protectors beside it.
        guard formatter.description.utf16.count <= 1024 else { throw .noRoom }
        self.builder.entries.append(Datum.text(formatter.description, role: DatumRole.description))
    }

    /// The 64 KiB of one copy.
    mutating func area(
        _ keys: borrowing NewKeys,
        _ password: borrowing RecoveryPassword,
        _ tpm: SimulatedTPM?,
        using generator: inout some RandomNumberGenerator
    ) throws(VolumeEditError) -> [UInt8] {
        var nonces = NonceSequence(time: self.time, counter: self.builder.nextNonce)
        // The TPM first: cryptsetup 2.8.2 and 2.8.3 do not open volumes that begin with a recovery password.
        if let tpm, let id = self.result.tpmProtector {
            var entry = ProtectorEntry(id: id, time: self.time, nonces: nonces)
            self.builder.entries.append(try entry.simulatedTPM(tpm, masterKey: keys.masterKey))
            nonces = entry.nonces
        } else {
            self.result = VolumeFormatter.Result(
                volumeID: self.result.volumeID,
                recoveryPasswordProtector: self.result.recoveryPasswordProtector,
                tpmProtector: nil
            )
        }
        var entry = ProtectorEntry(id: self.result.recoveryPasswordProtector, time: self.time, nonces: nonces)
        self.builder.entries.append(
            try entry.recoveryPassword(
                password,
                name: nil,
                salt: (0..<16).map { _ in UInt8(truncatingIfNeeded: generator.next() as UInt64) },
                isWindows7: false,
                masterKey: keys.masterKey
            )
        )
        self.builder.entries.append(
            try entry.sealed(
                keys.volumeKey,
                type: self.method.number,
                role: DatumRole.volumeKey,
                by: keys.masterKey.key
            )
        )
        self.builder.entries.append(Self.virtualization(self.layout))
        return try keys.masterKey.sealedArea(of: self.builder, nonces: entry.nonces)
    }

    /// Block header and dataset header of a wholly encrypted volume.
    private static func header(
        size: UInt64,
        layout: VolumeLayout,
        volumeID: GUID,
        method: EncryptionMethod,
        time: FileTime
    ) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: FVEMetadata.headerSize)
        header.replaceSubrange(0..<8, with: FVEMetadata.signature)
        header.put(2 as UInt16, at: 10)
        header.put(4 as UInt16, at: 12)
        header.put(4 as UInt16, at: 14)
        header.put(size, at: 16)
        header.put(UInt32(VolumeLayout.relocatedSize / VolumeLayout.sectorSize), at: 28)
        for (index, offset) in layout.copyOffsets.enumerated() { header.put(offset, at: 32 + 8 * index) }
        header.put(layout.relocatedHeaderOffset, at: 56)
        header.put(1 as UInt32, at: 68)
        header.put(UInt32(FVEMetadata.datasetHeaderSize), at: 72)
        header.replaceSubrange(80..<96, with: volumeID.windowsBytes)
        header.put(method.number, at: 100)
        header.put(method.number, at: 102)
        header.put(time.ticks, at: 104)
        return header
    }

    /// Where the first sectors are kept, with the extended information (version 5) of Windows 10 and later.
    private static func virtualization(_ layout: VolumeLayout) -> [UInt8] {
        var content: [UInt8] = []
        content.append(littleEndian: layout.relocatedHeaderOffset)
        content.append(littleEndian: UInt64(VolumeLayout.relocatedSize))
        var extended = [UInt8](repeating: 0, count: 76)
        extended.put(5 as UInt16, at: 0)
        extended.put(76 as UInt16, at: 2)
        extended.put(10 as UInt64, at: 8)
        extended.put(UInt32(VolumeLayout.sectorSize), at: 28)
        extended.put(UInt32(VolumeLayout.sectorSize), at: 32)
        extended.put(10 as UInt32, at: 36)
        extended.put(19045 as UInt32, at: 44)  // the build of Windows 10 22H2
        extended.put(2 as UInt32, at: 48)
        extended.put(0x100 as UInt16, at: 56)
        extended[58] = 1
        extended[59] = 2
        extended.put(layout.relocatedHeaderOffset + UInt64(VolumeLayout.relocatedSize), at: 60)
        extended.put(0x100 as UInt64, at: 68)
        return Datum.encoded(role: DatumRole.virtualization, kind: .virtualization, content: content + extended)
    }
}
