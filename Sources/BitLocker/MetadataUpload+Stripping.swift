extension MetadataUpload {
    /// The same without the key material that could be guessed, for storage.
    ///
    /// A passphrase can be searched for by whoever holds the metadata; a clear key does not even need that, and opens the
    /// volume master key, which opens every recovery password of the volume. Such protectors stay listed, with ID, kind,
    /// dates and name, and lose all else. The sealed hash then no longer holds, so a proof against what is left can say
    /// no, but never yes: it answers `notProvable(.stripped)`. An upload without such protectors is returned unchanged.
    /// Throws where what is left would not be valid, which no upload that Windows wrote leads to.
    public func strippingGuessableProtectors() throws(MetadataUploadError) -> MetadataUpload {
        guard !self.isStripped else { return self }
        var builder = MetadataBuilder(self.metadata)
        builder.entries = self.metadata.datums.compactMap(Self.stripped)
        guard builder.entries != self.metadata.datums.map({ Array($0.bytes) }) else { return self }
        guard let block = builder.informationBlock() else { throw .invalid(.badSize) }
        let area = block + MetadataBuilder.validationBlock(of: block, sealedHash: self.metadata.validation.dropFirst(8))
        do throws(CopyProblem) {
            let metadata = try FVEMetadata(parsing: area[...])
            return MetadataUpload(
                firstSector: self.firstSector,
                header: self.header,
                metadata: metadata,
                isStripped: true
            )
        } catch {
            throw .invalid(error)
        }
    }

    /// The entry as it may be stored; nil when nothing of it may.
    private static func stripped(_ datum: Datum) -> [UInt8]? {
        // A key in the clear, as it stands on a volume that is being decrypted.
        if datum.kind == .key { return nil }
        guard datum.isProtector, let protector = KeyProtector(datum) else { return Array(datum.bytes) }
        let isGuessable =
            protector.kind.isGuessable
            || datum.nested.contains { entry in
                entry.kind == .key
                    || entry.kind == .stretchKey
                        && entry.bytes.integer(at: 8) != KeyType.recoveryPasswordStretch
            }
        guard isGuessable, let fixed = datum.bytes.part(at: 0, length: DatumKind.protector.fixedSize) else {
            return Array(datum.bytes)
        }
        let kept = datum.nested.filter { $0.kind == .text || $0.kind == .backup }.flatMap { Array($0.bytes) }
        var bytes = Array(fixed) + kept
        bytes.put(UInt16(bytes.count), at: 0)
        return bytes
    }
}
