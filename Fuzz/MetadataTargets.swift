import BitLocker

/// What is read as an upload can be asked everything, is the same when it is sent again, and stays valid when stripped.
func feedMetadataUpload(_ input: [UInt8]) {
    guard let upload = try? MetadataUpload(parsing: input) else { return }
    expect(try MetadataUpload(parsing: upload.bytes).bytes == upload.bytes, "what was taken is taken again, unchanged")
    _ = upload.conditions
    for protector in upload.protectors {
        expect(upload.metadata.protector(protector.id) == protector, "a protector is found by its ID")
        if protector.kind == .externalKey {
            let proof = upload.prove(recoveryKey: seedKey(protector.id))
            expect(proof != .proven || !upload.isStripped, "nothing is proven by what was stripped")
        }
    }
    guard let stripped = try? upload.strippingGuessableProtectors() else { return }
    expect(stripped.protectors.map(\.id) == upload.protectors.map(\.id), "stripping keeps every protector listed")
    expect(
        stripped.protectors.allSatisfy { !$0.kind.isGuessable || $0.isStripped },
        "nothing guessable is left when stripped"
    )
    expect(try MetadataUpload(parsing: stripped.bytes).bytes == stripped.bytes, "what was stripped is read again")
}

/// A volume, whatever is at its three places, is read or refused, and can be asked everything.
func feedVolumeMetadata(_ input: [UInt8]) {
    guard let volume = try? VolumeMetadata(bytes: SparseVolume(input)) else { return }
    expect(volume.copies.count == 3, "there are three places")
    _ = volume.conditions
    for copy in volume.copies { _ = copy.problem?.description }
    expect((volume.newest == nil) == volume.validCopies.isEmpty, "the newest is one of the valid")
    for protector in volume.newest?.protectors ?? [] where protector.kind == .externalKey {
        _ = volume.prove(recoveryKey: seedKey(protector.id))
    }
    if let upload = try? MetadataUpload(from: volume) {
        expect(try MetadataUpload(parsing: upload.bytes).bytes == upload.bytes, "what a device sends is taken")
    }
}

/// The recovery key that opens the volumes among the seeds, for one protector.
func seedKey(_ protector: GUID) -> RecoveryKey {
    guard let key = RecoveryKey(protectorID: protector, created: FileTime(ticks: 0), key: seedKeyBytes.span) else {
        preconditionFailure("a recovery key has 32 bytes")
    }
    return key
}

/// A volume of which the input has only what is read: the first sector, then for each copy 2 bytes of length
/// (little-endian) and that many bytes. They stand where the sector says, with nothing but zeros around them.
private struct SparseVolume: RandomAccessCollection {
    private(set) var startIndex = 0
    private(set) var endIndex = Int.max
    private var parts: [(start: Int, bytes: ArraySlice<UInt8>)] = []

    init(_ input: [UInt8]) {
        let sector = input.prefix(VolumeHeader.size)
        self.parts = [(0, sector)]
        guard let header = VolumeHeader(parsing: sector) else { return }
        var rest = input.dropFirst(VolumeHeader.size)
        for offset in header.copyOffsets {
            guard let low = rest.popFirst(), let high = rest.popFirst() else { break }
            let bytes = rest.prefix(Int(low) | Int(high) << 8)
            rest = rest.dropFirst(bytes.count)
            if let start = Int(exactly: offset), start < Int.max - bytes.count { self.parts.append((start, bytes)) }
        }
    }

    subscript(position: Int) -> UInt8 {
        for (start, bytes) in self.parts.reversed() where position >= start && position - start < bytes.count {
            return bytes[bytes.startIndex + position - start]
        }
        return 0
    }

    subscript(bounds: Range<Int>) -> SparseVolume {
        var part = self
        part.startIndex = bounds.lowerBound
        part.endIndex = bounds.upperBound
        return part
    }

    /// What `Array(_:)` calls. Byte by byte, reading three times 64 KiB would be nearly all that the fuzzer does.
    // swift-format-ignore: NoLeadingUnderscores
    func _copyToContiguousArray() -> ContiguousArray<UInt8> {
        var copy = ContiguousArray<UInt8>(repeating: 0, count: self.count)
        for (start, bytes) in self.parts {
            let from = Swift.max(start, self.startIndex)
            let to = Swift.min(start + bytes.count, self.endIndex)
            guard from < to else { continue }
            let offset = bytes.startIndex - start
            copy.replaceSubrange(
                (from - self.startIndex)..<(to - self.startIndex),
                with: bytes[(from + offset)..<(to + offset)]
            )
        }
        return copy
    }
}

/// Writes the right CRC-32 behind every information block that can be found, wherever in the input it begins.
func mendChecksums(_ input: UnsafeMutableBufferPointer<UInt8>) {
    let signature = Array("-FVE-FS-".utf8)
    var at = 0
    while at + 112 <= input.count {
        defer { at += 1 }
        guard input[at..<(at + 8)].elementsEqual(signature) else { continue }
        let units = Int(input[at + 8]) | Int(input[at + 9]) << 8
        let end = at + units * (input[at + 10] == 1 ? 1 : 16)
        guard end >= at + 112, end + 8 <= input.count else { continue }
        let checksum = ~input[at..<end].reduce(UInt32.max) { value, byte in
            (0..<8).reduce(value ^ UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
        }
        for place in 0..<4 { input[end + 4 + place] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(place))) }
    }
}
