extension RecoveryKey {
    /// The most bytes that are looked at; Windows writes 156 or 180.
    public static let maximumFileSize = 4096

    private static let datasetHeaderSize = 48
    private static let externalKeyHeaderSize = 32
    private static let nameDatum: [UInt8] = Datum.text("ExternalKey", role: 0)

    /// Reads a `.BEK` file, of 156 bytes or, with the volume ID in it, 180.
    public init(parsing file: some Collection<UInt8>) throws(RecoveryKeyError) {
        guard file.count >= Self.datasetHeaderSize + Self.externalKeyHeaderSize, file.count <= Self.maximumFileSize
        else {
            throw .wrongSize(bytes: file.count)
        }
        var bytes = Array(file)
        defer { wipe(&bytes) }
        guard bytes.integer(UInt32.self, at: 4) == 1, bytes.integer(UInt32.self, at: 8) == 48 else {
            throw .notARecoveryKeyFile
        }
        guard bytes.integer(UInt32.self, at: 0) == UInt32(bytes.count),
            bytes.integer(UInt32.self, at: 12) == UInt32(bytes.count)
        else { throw .malformed }
        let start = Self.datasetHeaderSize
        guard bytes.integer(UInt16.self, at: start + 2) == DatumRole.externalKey,
            bytes.integer(UInt16.self, at: start + 4) == DatumKind.externalKey.rawValue
        else { throw .notARecoveryKeyFile }
        guard let size = bytes.integer(UInt16.self, at: start), Int(size) == bytes.count - start,
            let protectorID = bytes.guid(at: 16), protectorID == bytes.guid(at: start + 8),
            let created = bytes.integer(UInt64.self, at: start + 24),
            let saved = bytes.integer(UInt64.self, at: 40)
        else { throw .malformed }
        let parts = try Self.parts(of: bytes)
        guard let keyAt = parts.keyAt else { throw .noExternalKey }
        self.init(
            protectorID: protectorID,
            volumeID: parts.volumeID,
            created: FileTime(ticks: created),
            saved: FileTime(ticks: saved),
            storage: SecretBytes(copying: bytes.span.extracting(keyAt..<(keyAt + 32)))
        )
    }

    /// Walks by offset: slices of the array would share its storage and so outlive its wiping.
    private static func parts(of bytes: [UInt8]) throws(RecoveryKeyError) -> (keyAt: Int?, volumeID: GUID?) {
        var keyAt: Int?
        var volumeID: GUID?
        var at = Self.datasetHeaderSize + Self.externalKeyHeaderSize
        while at < bytes.count {
            guard let size = bytes.integer(UInt16.self, at: at).map(Int.init), size >= 8, size <= bytes.count - at,
                let kind = bytes.integer(UInt16.self, at: at + 4)
            else { throw .malformed }
            if kind == DatumKind.key.rawValue {
                guard keyAt == nil, size == 44, bytes.integer(UInt16.self, at: at + 8) == KeyType.externalKey else {
                    throw .malformed
                }
                keyAt = at + 12
            } else if kind == DatumKind.guid.rawValue {
                guard volumeID == nil, size == 24, bytes.integer(UInt16.self, at: at + 2) == DatumRole.volumeID else {
                    throw .malformed
                }
                volumeID = bytes.guid(at: at + 8)
            }
            at += size
        }
        return (keyAt, volumeID)
    }

    /// Lends the 156 bytes of a `.BEK` file, in a buffer that is wiped afterwards.
    public borrowing func withFileBytes<Value: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var head: [UInt8] = []
        for field in [156, 1, 48, 156] as [UInt32] { head.append(littleEndian: field) }
        head += self.protectorID.windowsBytes
        head.append(littleEndian: 1 as UInt32)
        head.append(littleEndian: 0 as UInt32)
        head.append(littleEndian: self.saved.ticks)
        head += Datum.header(size: 108, role: DatumRole.externalKey, kind: .externalKey, flags: 1)
        head += self.protectorID.windowsBytes
        head.append(littleEndian: self.created.ticks)
        head += Self.nameDatum
        head += Datum.header(size: 44, role: 0, kind: .key, flags: 1)
        head.append(littleEndian: KeyType.externalKey)
        head.append(littleEndian: 0 as UInt16)
        let file = SecretBytes(count: 156) { file in
            file.copyBytes(from: head)
            self.storage.withSpan { key in
                for index in key.indices { file[head.count + index] = key[index] }
            }
        }
        return try file.withSpan(body)
    }
}
