import BitLocker
import FoundationEssentials
import Testing

@Suite("Hostile metadata")
struct MutationTests {
    /// The upload of a formatted volume: sector, information block, validation.
    static func upload() throws -> [UInt8] {
        try MetadataUpload(from: try VolumeMetadata(bytes: VolumeMetadataTests.volume.bytes)).bytes
    }

    /// Looks at everything that can be looked at.
    static func touch(_ upload: MetadataUpload) -> Int {
        var seen = upload.conditions.count + (upload.metadata.description?.count ?? 0)
        for protector in upload.protectors {
            seen += protector.backups.count + (protector.name?.count ?? 0) + protector.kind.description.count
            seen += protector.modified.date.timeIntervalSince1970.isFinite ? 1 : 0
        }
        let stripped = try? upload.strippingGuessableProtectors()
        return seen + (stripped?.bytes.count ?? 0)
    }

    @Test("random changes under a right checksum never crash the parser")
    func randomChanges() throws {
        let bytes = try Self.upload()
        var generator = SeededGenerator(seed: 11)
        var read = 0
        var seen = 0
        for _ in 0..<6000 {
            var forgery = Forgery(area: Array(bytes[512...]))
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let offset = Int.random(in: 12..<forgery.size, using: &generator)
                forgery.area[offset] =
                    [0, 1, 7, 8, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &generator)]
                    .randomElement(using: &generator) ?? 0
            }
            guard let upload = try? MetadataUpload(parsing: bytes[..<512] + forgery.withRightChecksum) else { continue }
            read += 1
            seen += Self.touch(upload)
        }
        #expect(read > 1000, "most changes hit something that only the sealed hash can see")
        #expect(seen > 0)
    }

    @Test("every size field, set to every interesting value, never crashes the parser")
    func sizes() throws {
        let bytes = try Self.upload()
        let area = Array(bytes[512...])
        let size = Forgery(area: area).size
        var refused = 0
        for offset in 112..<(size - 2) {
            for value: UInt16 in [
                0, 1, 7, 8, 9, 12, 28, 36, 0x7FFF, 0x8000, 0xFFFF, UInt16(size - offset), UInt16(size),
            ] {
                var forgery = Forgery(area: area)
                forgery.area[offset] = UInt8(truncatingIfNeeded: value)
                forgery.area[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
                if let upload = try? MetadataUpload(parsing: bytes[..<512] + forgery.withRightChecksum) {
                    #expect(Self.touch(upload) > 0)
                } else {
                    refused += 1
                }
            }
        }
        #expect(refused > 50)
    }

    @Test("every prefix of an upload is refused")
    func prefixes() throws {
        let bytes = try Self.upload()
        for count in 0..<bytes.count {
            #expect((try? MetadataUpload(parsing: bytes[..<count])) == nil)
        }
    }

    @Test("entries nested deeper than the format does are refused")
    func nesting() throws {
        let bytes = try Self.upload()
        func upload(depth: Int) -> MetadataUploadError? {
            // Protectors in protectors: 36 bytes each.
            var entry: [UInt8] = []
            for _ in 0..<depth {
                let size = entry.count + 36
                entry =
                    [UInt8(truncatingIfNeeded: size), UInt8(truncatingIfNeeded: size >> 8), 2, 0, 8, 0, 1, 0]
                    + [UInt8](repeating: 5, count: 28) + entry
            }
            do throws(MetadataUploadError) {
                _ = try MetadataUpload(parsing: bytes[..<512] + Self.copy(of: bytes, entries: entry))
                return nil
            } catch {
                return error
            }
        }
        #expect(upload(depth: 1) == nil)
        #expect(upload(depth: 3) == nil)
        #expect(upload(depth: 4) == .invalid(.malformed(.nestedTooDeep)))
        #expect(upload(depth: 1000) == .invalid(.malformed(.nestedTooDeep)))
    }

    @Test("two protectors with one ID are refused")
    func duplicates() throws {
        let bytes = try Self.upload()
        let entry: [UInt8] = [36, 0, 2, 0, 8, 0, 1, 0] + [UInt8](repeating: 5, count: 28)
        #expect(throws: Never.self) {
            _ = try MetadataUpload(parsing: bytes[..<512] + Self.copy(of: bytes, entries: entry))
        }
        #expect(throws: MetadataUploadError.invalid(.malformed(.duplicateProtector))) {
            _ = try MetadataUpload(parsing: bytes[..<512] + Self.copy(of: bytes, entries: entry + entry))
        }
    }

    /// The copy in an upload with other entries, sizes and checksum mended.
    private static func copy(of upload: [UInt8], entries: [UInt8]) -> [UInt8] {
        var area = Array(upload[512..<(512 + 112)]) + entries
        area += [UInt8](repeating: 0, count: (16 - area.count % 16) % 16)
        let size = area.count
        for (offset, value) in [(64, entries.count + 48), (76, entries.count + 48)] {
            for index in 0..<4 { area[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
        }
        area[8] = UInt8(truncatingIfNeeded: size / 16)
        area[9] = UInt8(truncatingIfNeeded: size >> 12)
        return Forgery(area: area + upload.suffix(88)).withRightChecksum
    }
}
