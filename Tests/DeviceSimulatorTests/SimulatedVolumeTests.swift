import BitLocker
import DeviceSimulator
import EscrowModel
import FoundationEssentials
import Glibc
import Testing

@Suite("Simulated volume")
struct SimulatedVolumeTests: ~Copyable {
    private let folder: String

    private struct Interrupted: Error {}

    init() throws {
        var template = Array("/tmp/sparekey-simulator-XXXXXX".utf8CString)
        let path = mkdtemp(&template).map { String(cString: $0) }
        self.folder = try #require(path)
    }

    deinit { try? FileManager.default.removeItem(atPath: self.folder) }

    private var image: String { self.folder + "/c.img" }

    /// A new volume, and the recovery password that it was made with.
    private func make(withTPM: Bool) throws -> (volume: SimulatedVolume, protector: GUID, password: String) {
        var generator = SystemRandomNumberGenerator()
        let password = RecoveryPassword.generate(using: &generator)
        let tpm = SimulatedTPM.generate(using: &generator)
        let made = try VolumeFormatter().format(
            newFileAt: self.image,
            content: .empty(size: 2 << 20),
            recoveryPassword: password,
            simulatedTPM: withTPM ? tpm : nil,
            now: Date(timeIntervalSince1970: 1_790_000_000),
            using: &generator
        )
        let text = password.withDigits { digits in
            String(decoding: digits.indices.map { digits[$0] }, as: UTF8.self)
        }
        let keys = UnlockingKeys(folder: self.folder)
        if withTPM { try keys.keep(tpm) } else { try keys.keep(passwords: [text]) }
        let volume = SimulatedVolume(image: self.image, secrets: self.folder)
        return (volume, made.recoveryPasswordProtector, text)
    }

    private func proof(_ secret: SimulatedVolume.Secret, _ protector: GUID) throws -> Proof {
        let volume = try VolumeMetadata(readingFileAt: self.image)
        return volume.prove(recoveryPassword: try RecoveryPassword(parsing: secret.text), protector: protector)
    }

    @Test("the secret of a protector is read from the volume itself", arguments: [true, false])
    func secret(withTPM: Bool) throws {
        let (volume, protector, password) = try self.make(withTPM: withTPM)
        #expect(try volume.secret(of: protector, wrong: false).text == password)
    }

    @Test("a wrong secret is well formed, the same each time, and does not open the volume")
    func wrongSecret() throws {
        let (volume, protector, password) = try self.make(withTPM: true)
        let wrong = try volume.secret(of: protector, wrong: true)
        #expect(wrong.text != password)
        #expect(try volume.secret(of: protector, wrong: true).text == wrong.text)
        #expect(try self.proof(wrong, protector) == .refuted(.wrongSecret))
    }

    @Test("after old protectors are gone the device still opens its volume with the new one", arguments: [true, false])
    func rotation(withTPM: Bool) throws {
        let (volume, old, _) = try self.make(withTPM: withTPM)
        let new = try volume.addProtector(.recoveryPassword) {}
        try volume.removeProtectors([old]) {}
        let recovery = try volume.description().protectors.filter { $0.kind == .recoveryPassword }
        #expect(recovery.map(\.id) == [new])
        #expect(try self.proof(volume.secret(of: new, wrong: false), new) == .proven)
    }

    @Test("a recovery key is kept as its file, and opens the volume")
    func recoveryKey() throws {
        let (volume, _, _) = try self.make(withTPM: true)
        let protector = try volume.addProtector(.recoveryKey) {}
        let secret = try volume.secret(of: protector, wrong: false)
        #expect(secret.kind == .recoveryKey)
        let file = try #require(Data(base64Encoded: secret.text))
        let proof = try VolumeMetadata(readingFileAt: self.image).prove(recoveryKey: RecoveryKey(parsing: file))
        #expect(proof == .proven)
    }

    @Test("an addition that was interrupted after the first copy is finished", arguments: [true, false])
    func interruptedAddition(withTPM: Bool) throws {
        let (volume, old, _) = try self.make(withTPM: withTPM)
        #expect(throws: Interrupted.self) { try volume.addProtector(.recoveryPassword) { throw Interrupted() } }
        #expect(try VolumeMetadata(readingFileAt: self.image).conditions.contains(.copiesDiffer))
        #expect(try volume.finishInterruptedWrite())
        #expect(try !VolumeMetadata(readingFileAt: self.image).conditions.contains(.copiesDiffer))
        #expect(try !volume.finishInterruptedWrite())
        let added = try volume.description().protectors.filter { $0.kind == .recoveryPassword && $0.id != old }
        let protector = try #require(added.first?.id)
        #expect(try self.proof(volume.secret(of: protector, wrong: false), protector) == .proven)
    }

    @Test("a removal that was interrupted after the first copy is finished")
    func interruptedRemoval() throws {
        let (volume, old, password) = try self.make(withTPM: false)
        let new = try volume.addProtector(.recoveryPassword) {}
        #expect(throws: Interrupted.self) { try volume.removeProtectors([old]) { throw Interrupted() } }
        #expect(try volume.finishInterruptedWrite())
        #expect(try self.proof(volume.secret(of: new, wrong: false), new) == .proven)
        let proof = try VolumeMetadata(readingFileAt: self.image).prove(
            recoveryPassword: RecoveryPassword(parsing: password),
            protector: old
        )
        #expect(proof == .refuted(.protectorNotOnVolume))
    }

    @Test("what is uploaded proves the secret")
    func upload() throws {
        let (volume, protector, password) = try self.make(withTPM: true)
        let bytes = try #require(Data(base64Encoded: try volume.upload()))
        let upload = try MetadataUpload(parsing: Array(bytes))
        let proof = upload.prove(recoveryPassword: try RecoveryPassword(parsing: password), protector: protector)
        #expect(proof == .proven)
    }

    @Test("a volume that nothing given opens is refused with what to do")
    func locked() throws {
        let (_, _, _) = try self.make(withTPM: true)
        unlink(self.folder + "/tpm.key")
        let error = #expect(throws: SimulatorError.self) { _ = try UnlockingKeys(folder: self.folder).open(self.image) }
        #expect(error?.description.contains("--image-password-file") == true)
    }
}
