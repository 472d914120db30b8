/// Puts one copy of the metadata together again from its parts, with everything that depends on them.
struct MetadataBuilder {
    /// The 64 and the 48 bytes of block header and dataset header; what depends on the entries is filled in.
    private var header: [UInt8]
    /// The entries, in order.
    var entries: [[UInt8]]
    /// The next nonce counter.
    var nextNonce: UInt32

    /// Takes the parts of a copy apart.
    init(_ metadata: FVEMetadata) {
        self.header = Array(metadata.information.prefix(FVEMetadata.headerSize))
        self.entries = metadata.datums.map { Array($0.bytes) }
        self.nextNonce = metadata.nextNonce
    }

    /// Begins from a header of 112 bytes and no entries.
    init(header: [UInt8]) {
        self.header = header
        self.entries = []
        self.nextNonce = 1
    }

    /// The information block: headers, entries, and zeros up to a multiple of 16.
    ///
    /// Nil when it is too large for its area.
    func informationBlock() -> [UInt8]? {
        let version: UInt16 = self.header.integer(at: 10) ?? 2
        var block = self.header + self.entries.joined()
        let datasetSize = block.count - FVEMetadata.blockHeaderSize
        block += [UInt8](repeating: 0, count: (16 - block.count % 16) % 16)
        guard block.count <= FVEMetadata.areaSize(version: version) - FVEMetadata.validationSize else { return nil }
        block.put(UInt16(block.count / (version == 1 ? 1 : 16)), at: 8)
        block.put(UInt32(datasetSize), at: 64)
        block.put(UInt32(datasetSize), at: 76)
        block.put(self.nextNonce, at: 96)
        return block
    }

    /// The used part of the validation block: the checksum of `block`, and the sealed hash as it is given.
    static func validationBlock(of block: [UInt8], sealedHash: some Sequence<UInt8>) -> [UInt8] {
        let version: UInt16 = block.integer(at: 10) ?? 2
        var validation: [UInt8] = []
        validation.append(littleEndian: UInt16(FVEMetadata.areaSize(version: version) - block.count))
        validation.append(littleEndian: version)
        validation.append(littleEndian: CRC32.checksum(block))
        return validation + sealedHash
    }
}
