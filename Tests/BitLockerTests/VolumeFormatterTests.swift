import BitLocker
import Foundation
import Testing

@Suite("A formatted volume")
struct VolumeFormatterTests {
    @Test(
        "is proven with its password, by three equal copies, and refuted with another",
        arguments: VolumeFormatter.Method.allCases
    )
    func proof(_ method: VolumeFormatter.Method) throws {
        var volume = try TestVolume(method: method)
        let metadata = try volume.metadata
        #expect(metadata.validCopies.count == 3)
        #expect(metadata.conditions.isEmpty)
        #expect(metadata.newest?.encryptionMethod == method.encryptionMethod)
        #expect(metadata.newest?.volumeID == volume.made.volumeID)
        #expect(metadata.newest?.protectors.map(\.kind) == [.tpm, .recoveryPassword])
        let protector = volume.made.recoveryPasswordProtector
        #expect(metadata.prove(recoveryPassword: volume.password, protector: protector) == .proven)
        let other = RecoveryPassword.generate(using: &volume.generator)
        #expect(metadata.prove(recoveryPassword: other, protector: protector) == .refuted(.wrongSecret))
    }

    @Test("without a TPM has the recovery password only")
    func withoutTPM() throws {
        let volume = try TestVolume(withTPM: false)
        #expect(volume.made.tpmProtector == nil)
        #expect(try volume.metadata.newest?.protectors.map(\.id) == [volume.made.recoveryPasswordProtector])
    }

    @Test("contains nothing of the file system in the clear, and the metadata three times")
    func ciphertext() throws {
        let folder = try TemporaryFolder()
        let plain = folder.path("plain.img")
        // A file system that fills the first third: what is zero behind it makes room for the metadata.
        let sector = Array("NOTHING OF THIS MAY BE SEEN ".utf8)
        var image = [UInt8](repeating: 0, count: 3 << 20)
        for at in 0..<(1 << 20) { image[at] = sector[at % sector.count] }
        try Data(image).write(to: URL(filePath: plain))
        let volume = try TestVolume(content: .fileSystem(imageAt: plain))
        let bytes = try volume.bytes
        #expect(bytes.count == image.count)
        #expect(!Data(bytes).contains("NOTHING OF THIS"))
        let metadata = try volume.metadata
        #expect(metadata.newest?.copyOffsets.allSatisfy { $0 >= 1 << 20 } == true)
        #expect(metadata.copies.map(\.offset) == metadata.newest?.copyOffsets.map { $0 })
    }

    @Test("is not made where there is no room, over another file, or of an impossible size")
    func refusals() throws {
        let folder = try TemporaryFolder()
        let full = folder.path("full.img")
        try Data(repeating: 1, count: 2 << 20).write(to: URL(filePath: full))
        var generator = SeededGenerator(seed: 1)
        let password = RecoveryPassword.generate(using: &generator)
        func attempt(_ content: VolumeFormatter.Content, path: String) -> VolumeEditError? {
            do throws(VolumeEditError) {
                _ = try VolumeFormatter().format(
                    newFileAt: path,
                    content: content,
                    recoveryPassword: password,
                    now: TestVolume.now,
                    using: &generator
                )
                return nil
            } catch {
                return error
            }
        }
        let target = folder.path("target.img")
        #expect(attempt(.fileSystem(imageAt: full), path: target) == .unusableSize)
        #expect(attempt(.empty(size: 1 << 20), path: target) == .unusableSize)
        #expect(attempt(.empty(size: (2 << 20) + 1), path: target) == .unusableSize)
        #expect(!FileManager.default.fileExists(atPath: target))
        #expect(
            attempt(.empty(size: 2 << 20), path: full) == .access(.system(operation: "open", errorNumber: EEXIST))
        )
        #expect(attempt(.empty(size: 2 << 20), path: target) == nil)
    }
}

extension Data {
    fileprivate func contains(_ text: String) -> Bool { self.range(of: Data(text.utf8)) != nil }
}
