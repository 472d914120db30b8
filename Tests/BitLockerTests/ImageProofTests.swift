import BitLocker
import Foundation
import Testing

// Disabled without the volumes that Windows made: they cannot be part of the project.
@Suite("Volumes made by Windows", .enabled(if: Vectors.areAvailable))
struct ImageProofTests {
    @Test("every volume is read: method, kind, volume ID, protectors, copies, conditions", arguments: VectorImage.all)
    func reading(_ image: VectorImage) throws {
        let folder = try TemporaryFolder()
        let volume = try VolumeMetadata(readingFileAt: try Vectors.unpack(image, into: folder))
        #expect(volume.header.kind == image.kind)
        #expect(volume.copies.count == 3)
        #expect(volume.validCopies.count == image.validCopies)
        #expect(volume.conditions == image.conditions)
        let metadata = try #require(volume.newest)
        #expect(metadata.encryptionMethod == image.method)
        #expect(metadata.conversionState == .encrypted)
        if let volumeID = image.volumeID { #expect(metadata.volumeID == GUID(volumeID)) }
        for (_, protector) in image.passwords where !protector.isEmpty {
            #expect(metadata.protector(try #require(GUID(protector)))?.kind == .recoveryPassword)
        }
        if let key = image.recoveryKey {
            #expect(metadata.protector(try #require(GUID(key.protector)))?.kind == .externalKey)
        }
        #expect(metadata.protectors.allSatisfy { $0.modified.date.timeIntervalSince1970 > 1_500_000_000 })
    }

    @Test("every recovery password is proven, and 24 wrong ones are refuted", arguments: VectorImage.withPassword)
    func recoveryPasswords(_ image: VectorImage) throws {
        let folder = try TemporaryFolder()
        let volume = try VolumeMetadata(readingFileAt: try Vectors.unpack(image, into: folder))
        let upload = try MetadataUpload(from: volume)
        for (digits, protector) in image.passwords {
            let id = try #require(
                GUID(protector) ?? volume.newest?.protectors.first { $0.kind == .recoveryPassword }?.id
            )
            let password = try RecoveryPassword(parsing: digits)
            #expect(volume.prove(recoveryPassword: password, protector: id) == .proven)
            #expect(upload.prove(recoveryPassword: password, protector: id) == .proven)
            for index in 0..<24 {
                let wrong = try Self.wrong(digits, index)
                #expect(
                    upload.prove(recoveryPassword: wrong, protector: id) == .refuted(.wrongSecret),
                    "wrong \(index)"
                )
            }
        }
    }

    @Test("every recovery key is proven, and 24 wrong ones are refuted", arguments: VectorImage.withRecoveryKey)
    func recoveryKeys(_ image: VectorImage) throws {
        let folder = try TemporaryFolder()
        let volume = try VolumeMetadata(readingFileAt: try Vectors.unpack(image, into: folder))
        let upload = try MetadataUpload(from: volume)
        let file = try Vectors.contents(of: try #require(image.recoveryKey).file)
        let key = try RecoveryKey(parsing: file)
        #expect(volume.prove(recoveryKey: key) == .proven)
        #expect(upload.prove(recoveryKey: key) == .proven)
        for index in 0..<24 {
            var changed = file
            changed[changed.count - 32 + index] ^= UInt8(1 << (index % 8))
            let wrong = try RecoveryKey(parsing: changed)
            #expect(volume.prove(recoveryKey: wrong) == .refuted(.wrongSecret), "wrong \(index)")
        }
        let other = try unwrap(
            RecoveryKey(
                protectorID: GUID(high: 1, low: 2),
                created: key.created,
                key: Array(file.suffix(32)).span
            )
        )
        #expect(volume.prove(recoveryKey: other) == .refuted(.protectorNotOnVolume))
    }

    @Test("the right password is refuted for another protector, each time with its own reason")
    func wrongProtector() throws {
        let folder = try TemporaryFolder()
        let image = VectorImage.all[6]
        let volume = try VolumeMetadata(readingFileAt: try Vectors.unpack(image, into: folder))
        let first = try RecoveryPassword(parsing: image.passwords[0].digits)
        let second = try #require(GUID(image.passwords[1].protector))
        let passphrase = try #require(volume.newest?.protectors.first { $0.kind == .passphrase }?.id)
        #expect(volume.prove(recoveryPassword: first, protector: second) == .refuted(.wrongSecret))
        #expect(volume.prove(recoveryPassword: first, protector: passphrase) == .notProvable(.wrongKind(.passphrase)))
        #expect(
            volume.prove(recoveryPassword: first, protector: GUID(high: 1, low: 1)) == .refuted(.protectorNotOnVolume)
        )
    }

    @Test("a password whose protector nobody knows is found its protector")
    func search() throws {
        let folder = try TemporaryFolder()
        let image = VectorImage.all[6]
        let volume = try VolumeMetadata(readingFileAt: try Vectors.unpack(image, into: folder))
        let upload = try MetadataUpload(from: volume)
        for (digits, protector) in image.passwords {
            let password = try RecoveryPassword(parsing: digits)
            for found in [volume.prove(recoveryPassword: password), upload.prove(recoveryPassword: password)] {
                #expect(found.proof == .proven)
                #expect(found.protector == GUID(protector))
            }
        }
        let wrong = try Self.wrong(image.passwords[0].digits, 3)
        #expect(volume.prove(recoveryPassword: wrong).proof == .refuted(.wrongSecret))
    }

    @Test("a suspended volume has nothing that a recovery password could open", arguments: VectorImage.suspended)
    func suspended(_ image: VectorImage) throws {
        let folder = try TemporaryFolder()
        let volume = try VolumeMetadata(readingFileAt: try Vectors.unpack(image, into: folder))
        let clearKey = try #require(volume.newest?.protectors.first?.id)
        var generator = SystemRandomNumberGenerator()
        let password = RecoveryPassword.generate(using: &generator)
        #expect(volume.prove(recoveryPassword: password, protector: clearKey) == .notProvable(.wrongKind(.clearKey)))
        let search = volume.prove(recoveryPassword: password)
        #expect(search.protector == nil)
        #expect(search.proof == .refuted(.protectorNotOnVolume))
    }

    /// A well-formed recovery password that is not the one given; `index` from 0 to 23 says how it differs.
    static func wrong(_ digits: String, _ index: Int) throws -> RecoveryPassword {
        let password = try RecoveryPassword(parsing: digits)
        var bytes = password.withBytes { bytes in bytes.indices.map { bytes[$0] } }
        switch index {
        case 0..<16: bytes[index] ^= UInt8(1 << (index % 8))
        case 16..<22:
            bytes[2 * (index - 16)] &+= 1
            bytes[2 * (index - 16) + 4] &-= 1
        case 22: bytes.reverse()
        default: bytes = [UInt8](repeating: 0, count: 16)
        }
        return try unwrap(RecoveryPassword(bytes: bytes))
    }
}
