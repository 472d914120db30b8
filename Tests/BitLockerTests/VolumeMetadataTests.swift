import BitLocker
import Foundation
import Testing

@Suite("Reading metadata")
struct VolumeMetadataTests {
    /// The volume's bytes, read once: formatting takes a stretch.
    static let volume: (bytes: [UInt8], offsets: [Int]) = {
        do {
            let volume = try TestVolume()
            return (try volume.bytes, try volume.metadata.newest?.copyOffsets.map { Int($0) } ?? [])
        } catch {
            return ([], [])
        }
    }()

    static func damage(_ change: (inout [UInt8], [Int]) -> Void) throws -> VolumeMetadata {
        var bytes = Self.volume.bytes
        try #require(!bytes.isEmpty)
        change(&bytes, Self.volume.offsets)
        return try VolumeMetadata(bytes: bytes)
    }

    static func replace(_ bytes: inout [UInt8], _ offset: Int, with area: [UInt8]) {
        bytes.replaceSubrange(offset..<(offset + area.count), with: area)
    }

    @Test("each kind of damage is named, for the copy that has it and for no other", arguments: 0..<3)
    func damages(_ copy: Int) throws {
        let cases: [(CopyProblem, (inout [UInt8], Int) -> Void)] = [
            (.badSignature, { $0[$1] ^= 1 }),
            (.unsupportedVersion(3), { $0[$1 + 10] = 3 }),
            (.unsupportedVersion(0x0102), { $0[$1 + 11] = 1 }),
            (
                .badSize,
                {
                    $0[$1 + 8] = 6; $0[$1 + 9] = 0
                }
            ),
            (
                .badSize,
                {
                    $0[$1 + 8] = 0xFF; $0[$1 + 9] = 0xFF
                }
            ),
            (.badChecksum, { $0[$1 + 20] ^= 0x80 }),
            (.badChecksum, { $0[$1 + 300] ^= 1 }),
            (.wrongOffset, { Self.replace(&$0, $1, with: Forgery(of: $0, at: $1).changing(byteAt: 33 + 8 * copy)) }),
            (.malformed(.header), { Self.replace(&$0, $1, with: Forgery(of: $0, at: $1).changing(byteAt: 64)) }),
            (.malformed(.header), { Self.replace(&$0, $1, with: Forgery(of: $0, at: $1).changing(byteAt: 72)) }),
            (.malformed(.entryPastEnd), { Self.replace(&$0, $1, with: Forgery(of: $0, at: $1).changing(byteAt: 113)) }),
        ]
        for (problem, damage) in cases {
            let volume = try Self.damage { damage(&$0, $1[copy]) }
            #expect(volume.copies[copy].problem == problem)
            #expect(volume.validCopies.count == 2)
            #expect(volume.conditions == [.copiesDamaged])
            #expect(volume.newestIndex == (copy == 0 ? 1 : 0))
        }
    }

    @Test("a volume that is cut off has the copies that are left")
    func truncation() throws {
        let offsets = Self.volume.offsets
        for (index, offset) in offsets.enumerated() {
            for kept in [0, 1, 111, 112, 600] {
                let volume = try Self.damage { bytes, _ in bytes.removeLast(bytes.count - offset - kept) }
                #expect(volume.copies[index].problem == .truncated)
                #expect(volume.validCopies.count == index)
            }
        }
    }

    @Test("what is not a BitLocker volume is refused")
    func otherVolumes() {
        for bytes in [[], [UInt8](repeating: 0, count: 511), [UInt8](repeating: 0, count: 4096)] {
            #expect(throws: VolumeAccessError.notBitLocker) { _ = try VolumeMetadata(bytes: bytes) }
        }
        #expect(throws: VolumeAccessError.notBitLocker) { _ = try VolumeMetadata(readingFileAt: "/dev/null") }
        #expect(throws: VolumeAccessError.system(operation: "open", errorNumber: ENOENT)) {
            _ = try VolumeMetadata(readingFileAt: "/nonexistent/volume")
        }
    }

    @Test("with no valid copy nothing can be proven")
    func nothingValid() throws {
        let volume = try Self.damage { bytes, offsets in for offset in offsets { bytes[offset] = 0 } }
        var generator = SeededGenerator(seed: 1)
        let password = RecoveryPassword.generate(using: &generator)
        #expect(volume.newest == nil)
        #expect(
            volume.prove(recoveryPassword: password, protector: GUID(high: 1, low: 1)) == .notProvable(.noValidMetadata)
        )
        #expect(throws: MetadataUploadError.noValidMetadata) { _ = try MetadataUpload(from: volume) }
    }

    @Test(
        "offsets that lead nowhere are read as nothing, whatever they are",
        arguments: [UInt64.max, 1 << 63, 0, 1, 511]
    )
    func wildOffsets(_ offset: UInt64) throws {
        let volume = try Self.damage { bytes, _ in
            for index in 0..<8 { bytes[176 + index] = UInt8(truncatingIfNeeded: offset >> (8 * UInt64(index))) }
        }
        #expect(volume.copies[0].metadata == nil)
        #expect(volume.validCopies.count == 2)
        // What could not be read as an upload is not made into one.
        #expect(throws: MetadataUploadError.invalid(.malformed(.otherVolume))) { _ = try MetadataUpload(from: volume) }
    }

    @Test("a volume of Windows Vista is read: offsets from its own block, sizes in bytes, areas of 16 KiB")
    func vista() throws {
        let bytes = VistaVolume.bytes
        let volume = try VolumeMetadata(bytes: bytes)
        #expect(volume.header.kind == .vista)
        #expect(volume.copies.map(\.offset) == VistaVolume.offsets.map { $0 })
        #expect(volume.validCopies.count == 3)
        #expect(volume.newest?.version == 1)
        #expect(volume.newest?.encryptionMethod == .cbc128Diffuser)
        #expect(volume.newest?.protectors.map(\.kind) == [.recoveryPassword])
        let password = try unwrap(RecoveryPassword(bytes: [UInt8](repeating: 0, count: 16)))
        // Its keys are nonsense, so that no password can open it; what counts is that it gets that far.
        #expect(volume.prove(recoveryPassword: password, protector: VistaVolume.protector) == .refuted(.wrongSecret))

        var damaged = bytes
        damaged[Int(VistaVolume.offsets[0])] = 0
        let headless = try VolumeMetadata(bytes: damaged)
        #expect(headless.copies.map(\.problem) == [.badSignature, .truncated, .truncated])
        #expect(headless.copies.map(\.offset) == [VistaVolume.offsets[0], nil, nil])
    }

    @Test("a key derivation that is not known is said to be so, and never a wrong password")
    func unknownDerivation() throws {
        let image = try TestVolume()
        let offset = Self.volume.offsets[0]
        var forgery = Forgery(of: try image.bytes, at: offset)
        let stretch = try #require(forgery.area.firstRange(of: [3, 0, 1, 0, 0x00, 0x10, 0, 0]))
        forgery.area[stretch.lowerBound + 6] = 0x40
        var bytes = try image.bytes
        for offset in Self.volume.offsets {
            Self.replace(&bytes, offset, with: forgery.withRightChecksum)
        }
        let volume = try VolumeMetadata(bytes: bytes)
        #expect(volume.conditions == [.unsupportedKeyDerivation])
        let protector = image.made.recoveryPasswordProtector
        #expect(
            volume.prove(recoveryPassword: image.password, protector: protector)
                == .notProvable(.unsupportedKeyDerivation)
        )
    }

    @Test("states of conversion are told apart")
    func states() throws {
        func conditions(_ current: UInt8, _ next: UInt8) throws -> Set<VolumeCondition> {
            try Self.damage { bytes, offsets in
                for offset in offsets {
                    var forgery = Forgery(of: bytes, at: offset)
                    forgery.area[12] = current
                    forgery.area[14] = next
                    Self.replace(&bytes, offset, with: forgery.withRightChecksum)
                }
            }.conditions
        }
        #expect(try conditions(4, 4) == [])
        #expect(try conditions(1, 1) == [.notEncrypted])
        #expect(try conditions(4, 1) == [.partlyEncrypted])
        #expect(try conditions(2, 4) == [.partlyEncrypted])
        #expect(try conditions(3, 4) == [.partlyEncrypted])
        #expect(try conditions(9, 9) == [.partlyEncrypted])
        let usedSpace = try Self.damage { bytes, _ in
            Self.replace(&bytes, 160, with: [UInt8](hex: "3b4da89280dd0e4d9e4eb1e3284eaed8"))
        }
        #expect(usedSpace.conditions == [.usedSpaceOnly])
        #expect(usedSpace.validCopies.count == 3)
    }
}

extension VolumeMetadata {
    fileprivate var newestIndex: Int? {
        self.copies.first { $0.metadata != nil && $0.metadata?.nextNonce == self.newest?.nextNonce }?.index
    }
}
