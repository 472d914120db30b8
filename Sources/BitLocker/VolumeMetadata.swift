/// All that a volume says about its own protection: the first sector and three copies of the metadata.
public struct VolumeMetadata: Sendable {
    /// The first sector, interpreted.
    public let header: VolumeHeader
    /// The first sector, 512 bytes.
    let firstSector: [UInt8]
    /// What was found at each of the three places.
    public let copies: [Copy]

    /// One of the three places that the metadata is kept in.
    public struct Copy: Sendable {
        /// Which one: 0, 1 or 2.
        public let index: Int
        /// Where it is, in bytes from the start of the volume; nil where nothing says so.
        public let offset: UInt64?
        /// What is there.
        public let content: Result<FVEMetadata, CopyProblem>

        /// The metadata, where the copy is valid.
        public var metadata: FVEMetadata? {
            try? self.content.get()
        }

        /// What is wrong with the copy, where it is not valid.
        public var problem: CopyProblem? {
            if case .failure(let problem) = self.content { problem } else { nil }
        }
    }

    /// Reads a volume from a file or a block device.
    public init(readingFileAt path: String) throws(VolumeAccessError) {
        let file = try VolumeFile(path: path, access: .reading)
        try self.init(reading: file)
    }

    /// Reads a volume from its bytes.
    public init(bytes: some RandomAccessCollection<UInt8>) throws(VolumeAccessError) {
        try self.init { offset, count in
            guard let offset = Int(exactly: offset), offset < bytes.count else { return [] }
            return Array(bytes.dropFirst(offset).prefix(count))
        }
    }

    /// Reads a volume from an open file.
    init(reading file: borrowing VolumeFile) throws(VolumeAccessError) {
        let firstSector = try file.read(at: 0, count: VolumeHeader.size)
        guard let header = VolumeHeader(parsing: firstSector) else { throw .notBitLocker }
        var reader = CopyReader(header: header)
        while let next = reader.next {
            reader.take(try file.read(at: next.offset, count: next.count))
        }
        self.init(header: header, firstSector: firstSector, copies: reader.copies)
    }

    private init(read: (UInt64, Int) throws(VolumeAccessError) -> [UInt8]) throws(VolumeAccessError) {
        let firstSector = try read(0, VolumeHeader.size)
        guard let header = VolumeHeader(parsing: firstSector) else { throw .notBitLocker }
        var reader = CopyReader(header: header)
        while let next = reader.next {
            reader.take(try read(next.offset, next.count))
        }
        self.init(header: header, firstSector: firstSector, copies: reader.copies)
    }

    private init(header: VolumeHeader, firstSector: [UInt8], copies: [Copy]) {
        self.header = header
        self.firstSector = firstSector
        self.copies = copies
    }

    /// The copies that are valid.
    public var validCopies: [FVEMetadata] { self.copies.compactMap(\.metadata) }

    /// The newest valid copy: of those with the highest nonce counter, the first.
    ///
    /// Nil when no copy is valid.
    public var newest: FVEMetadata? { self.newestCopy?.metadata }

    /// The newest valid copy, with its place.
    var newestCopy: Copy? {
        self.copies.filter { $0.metadata != nil }.reduce(nil as Copy?) { best, copy in
            guard let best, let bestNonce = best.metadata?.nextNonce, let nonce = copy.metadata?.nextNonce else {
                return copy
            }
            return nonce > bestNonce ? copy : best
        }
    }
}

/// Goes through the three copies; says what to read next and takes what was read.
private struct CopyReader {
    private let version: UInt16
    private var offsets: [UInt64?]
    private(set) var copies: [VolumeMetadata.Copy] = []

    init(header: VolumeHeader) {
        self.version = header.kind == .vista ? 1 : 2
        self.offsets = header.copyOffsets
        while self.offsets.count < 3 { self.offsets.append(nil) }
    }

    var next: (offset: UInt64, count: Int)? {
        mutating get {
            // Where nothing says where a copy is, there is nothing to read.
            while self.copies.count < 3, self.offsets[self.copies.count] == nil {
                self.copies.append(
                    VolumeMetadata.Copy(index: self.copies.count, offset: nil, content: .failure(.truncated))
                )
            }
            guard self.copies.count < 3, let offset = self.offsets[self.copies.count] else { return nil }
            return (offset, FVEMetadata.areaSize(version: self.version))
        }
    }

    mutating func take(_ area: [UInt8]) {
        let index = self.copies.count
        guard index < 3, let offset = self.offsets[index] else { return }
        let content = Result { () throws(CopyProblem) in
            let metadata = try FVEMetadata(parsing: area[...])
            guard metadata.version == self.version else { throw .unsupportedVersion(metadata.version) }
            guard metadata.copyOffsets[index] == offset else { throw .wrongOffset }
            return metadata
        }
        // On Windows Vista only the first copy says where the others are.
        if self.version == 1, index == 0, case .success(let metadata) = content {
            self.offsets = metadata.copyOffsets.map { $0 }
        }
        self.copies.append(VolumeMetadata.Copy(index: index, offset: offset, content: content))
    }
}
