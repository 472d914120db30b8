import BitLocker
import Foundation
import Testing

@Suite("An upload of metadata")
struct MetadataUploadTests {
    @Test("is small, is the same after parsing, and proves what the volume proves")
    func roundTrip() throws {
        let volume = try TestVolume()
        let upload = try MetadataUpload(from: try volume.metadata)
        #expect(upload.bytes.count < 2048)
        let again = try MetadataUpload(parsing: upload.bytes)
        #expect(again.bytes == upload.bytes)
        #expect(again.volumeID == volume.made.volumeID)
        #expect(again.nextNonce == upload.nextNonce)
        #expect(again.protectors.map(\.kind) == [.tpm, .recoveryPassword])
        #expect(again.conditions.isEmpty)
        #expect(!again.isStripped)
        let proof = again.prove(recoveryPassword: volume.password, protector: volume.made.recoveryPasswordProtector)
        #expect(proof == .proven)
    }

    @Test("may bring the whole copy along, of which only the used part is kept")
    func wholeCopies() throws {
        let volume = try TestVolume()
        let metadata = try volume.metadata
        let bytes = try volume.bytes
        let offset = Int(try #require(metadata.copies[2].offset))
        let whole = Array(bytes[..<512]) + bytes[offset..<(offset + 65536)]
        #expect(try MetadataUpload(parsing: whole).bytes == MetadataUpload(from: metadata).bytes)
    }

    @Test("that is too large, cut off or damaged is refused with its own reason")
    func refused() throws {
        let bytes = try MetadataUpload(from: try VolumeMetadata(bytes: VolumeMetadataTests.volume.bytes)).bytes
        func error(_ change: (inout [UInt8]) -> Void) -> MetadataUploadError? {
            var changed = bytes
            change(&changed)
            do throws(MetadataUploadError) {
                _ = try MetadataUpload(parsing: changed)
                return nil
            } catch {
                return error
            }
        }
        #expect(error { _ in } == nil)
        let tooLarge = MetadataUpload.maximumSize + 1
        #expect(error { $0 += [UInt8](repeating: 0, count: tooLarge - $0.count) } == .tooLarge(bytes: tooLarge))
        #expect(error { $0 = [] } == .invalid(.truncated))
        #expect(error { $0 = Array($0[..<511]) } == .invalid(.truncated))
        #expect(error { $0 = Array($0[..<512]) } == .invalid(.truncated))
        #expect(error { $0.removeLast() } == .invalid(.truncated))
        #expect(error { $0[3] = 0 } == .notBitLocker)
        #expect(error { $0[160] = 0 } == .notBitLocker)
        #expect(error { $0[512] = 0 } == .invalid(.badSignature))
        #expect(error { $0[700] ^= 1 } == .invalid(.badChecksum))
        #expect(error { $0[176] ^= 1 } == .invalid(.malformed(.otherVolume)))
    }

    @Test("whoever changes it and mends the checksum is found out by the sealed hash")
    func tampering() throws {
        let volume = try TestVolume()
        let upload = try MetadataUpload(from: try volume.metadata)
        let protector = volume.made.recoveryPasswordProtector
        // Anything before the first entry, but for sizes, signature, version and offsets, whose change is no metadata.
        var tampered = 0
        for offset in [12, 16, 24, 28, 80, 96, 100, 104] {
            let forged = Forgery(area: Array(upload.bytes[512...])).changing(byteAt: offset)
            let changed = try MetadataUpload(parsing: Array(upload.bytes[..<512]) + forged)
            #expect(
                changed.prove(recoveryPassword: volume.password, protector: protector)
                    == .refuted(.metadataTampered(copies: [0])),
                "byte \(offset)"
            )
            tampered += 1
        }
        #expect(tampered == 8)
    }

    @Test("of a volume without guessable protectors is stored as it is")
    func nothingToStrip() throws {
        let upload = try MetadataUpload(from: try VolumeMetadata(bytes: VolumeMetadataTests.volume.bytes))
        let stored = try upload.strippingGuessableProtectors()
        #expect(stored.bytes == upload.bytes)
        #expect(!stored.isStripped)
    }

    // Disabled without the volumes that Windows made: they cannot be part of the project.
    @Test(
        "is stored without what a passphrase could be guessed from",
        .enabled(if: Vectors.areAvailable),
        arguments: [0, 3, 4, 6].map { VectorImage.all[$0] }
    )
    func stripping(_ image: VectorImage) throws {
        let folder = try TemporaryFolder()
        let upload = try MetadataUpload(
            from: try VolumeMetadata(readingFileAt: try Vectors.unpack(image, into: folder))
        )
        let passphrase = try #require(upload.protectors.first { $0.kind == .passphrase })
        let salt = try #require(upload.passphraseSalt)
        #expect(upload.bytes.firstRange(of: salt) != nil)
        let stripped = try upload.strippingGuessableProtectors()
        #expect(stripped.isStripped)
        #expect(stripped.bytes.firstRange(of: salt) == nil)
        #expect(stripped.bytes.count < upload.bytes.count)
        #expect(stripped.passphraseSalt == nil)

        let stored = try MetadataUpload(parsing: stripped.bytes)
        #expect(stored.isStripped)
        #expect(stored.bytes == stripped.bytes)
        #expect(try stored.strippingGuessableProtectors().bytes == stored.bytes)
        #expect(stored.volumeID == upload.volumeID)
        #expect(stored.nextNonce == upload.nextNonce)
        #expect(stored.protectors.map(\.id) == upload.protectors.map(\.id))
        #expect(stored.protectors.first { $0.id == passphrase.id }?.isStripped == true)

        // It still refutes, and never proves.
        for (digits, protector) in image.passwords {
            let id = try #require(GUID(protector))
            let password = try RecoveryPassword(parsing: digits)
            #expect(stored.prove(recoveryPassword: password, protector: id) == .notProvable(.stripped))
            let wrong = try ImageProofTests.wrong(digits, 0)
            #expect(stored.prove(recoveryPassword: wrong, protector: id) == .refuted(.wrongSecret))
        }
    }

    // Disabled without the volumes that Windows made: they cannot be part of the project.
    @Test("of a suspended volume is stored without the clear key", .enabled(if: Vectors.areAvailable))
    func strippingClearKeys() throws {
        let folder = try TemporaryFolder()
        let path = try Vectors.unpack(VectorImage.suspended[0], into: folder)
        let upload = try MetadataUpload(from: try VolumeMetadata(readingFileAt: path))
        let at = try #require(upload.bytes.firstRange(of: [44, 0, 0, 0, 1, 0, 1, 0, 0, 0x20, 0, 0]))
        let key = Array(upload.bytes[at.upperBound..<(at.upperBound + 32)])
        let stripped = try upload.strippingGuessableProtectors()
        #expect(stripped.isStripped)
        #expect(stripped.bytes.firstRange(of: key) == nil)
        #expect(stripped.conditions == [.suspended])
        #expect(try MetadataUpload(parsing: stripped.bytes).conditions == [.suspended])
    }

    @Test("an upload that only says that it is stripped is never proven")
    func falseMark() throws {
        let volume = try TestVolume()
        let upload = try MetadataUpload(from: try volume.metadata)
        let marked = try MetadataUpload(parsing: Array("-FVE-STRIPPED-1\0".utf8) + upload.bytes)
        #expect(marked.isStripped)
        let proof = marked.prove(recoveryPassword: volume.password, protector: volume.made.recoveryPasswordProtector)
        #expect(proof == .notProvable(.stripped))
    }
}

extension MetadataUpload {
    /// The salt of the first passphrase protector, found by the bytes that begin its stretch key.
    fileprivate var passphraseSalt: [UInt8]? {
        self.bytes.firstRange(of: [3, 0, 1, 0, 0x01, 0x10, 0, 0]).map {
            Array(self.bytes[$0.upperBound..<($0.upperBound + 16)])
        }
    }
}
