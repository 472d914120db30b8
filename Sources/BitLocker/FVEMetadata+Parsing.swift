extension FVEMetadata {
    /// Reads one copy from bytes that begin with it and hold at least the used part of it.
    init(parsing area: ArraySlice<UInt8>) throws(CopyProblem) {
        guard let header = area.part(at: 0, length: Self.headerSize) else { throw .truncated }
        guard header.starts(with: Self.signature) else { throw .badSignature }
        let version: UInt16 = header.integer(at: 10) ?? 0
        guard version == 1 || version == 2 else { throw .unsupportedVersion(version) }
        let size = Int(header.integer(UInt16.self, at: 8) ?? 0) * (version == 1 ? 1 : 16)
        guard size >= Self.headerSize, size <= Self.areaSize(version: version) - Self.validationSize else {
            throw .badSize
        }
        guard let information = area.part(at: 0, length: size),
            let validation = area.part(at: size, length: Self.validationSize)
        else { throw .truncated }
        guard validation.integer(at: 4) == CRC32.checksum(information) else { throw .badChecksum }

        let datasetSize = Int(header.integer(UInt32.self, at: 64) ?? 0)
        guard header.integer(at: 68) == 1 as UInt32, header.integer(at: 72) == UInt32(Self.datasetHeaderSize),
            header.integer(at: 76) == UInt32(datasetSize), datasetSize >= Self.datasetHeaderSize,
            datasetSize <= size - Self.blockHeaderSize, let volumeID = header.guid(at: 80)
        else { throw .malformed(.header) }
        let entries = information[
            (information.startIndex + Self.headerSize)..<(information.startIndex + Self.blockHeaderSize + datasetSize)
        ]
        let datums = try Datum.list(in: entries)
        let protectors = datums.filter(\.isProtector).compactMap(KeyProtector.init)
        guard Set(protectors.map(\.id)).count == protectors.count else { throw .malformed(.duplicateProtector) }

        self.version = version
        self.conversionState = ConversionState(
            current: header.integer(at: 12) ?? 0,
            next: header.integer(at: 14) ?? 0
        )
        self.encryptedBytes = header.integer(at: 16) ?? 0
        self.copyOffsets = [32, 40, 48].map { header.integer(at: $0) ?? 0 }
        self.relocatedHeaderOffset = version == 1 ? nil : header.integer(at: 56)
        self.volumeID = volumeID
        self.nextNonce = header.integer(at: 96) ?? 0
        self.encryptionMethod = EncryptionMethod(number: header.integer(at: 100) ?? 0)
        self.created = FileTime(ticks: header.integer(at: 104) ?? 0)
        self.description = datums.lazy.filter { $0.role == DatumRole.description }.compactMap(\.text).first
        self.protectors = protectors
        self.information = information
        self.validation = validation
        self.datums = datums
    }
}
