import BitLocker
import EscrowModel
import Foundation

/// A real BitLocker volume in a temporary file, with a simulated TPM and a first recovery password.
final class TestVolume {
    let id: GUID
    private let path: String
    private let tpm: SimulatedTPM
    private var generator = SystemRandomNumberGenerator()

    init() throws {
        self.path = FileManager.default.temporaryDirectory.appending(path: "sparekey-\(UUID().uuidString).img").path
        self.tpm = SimulatedTPM.generate(using: &self.generator)
        let password = RecoveryPassword.generate(using: &self.generator)
        self.id = try VolumeFormatter().format(
            newFileAt: self.path,
            content: .empty(size: 2 << 20),
            recoveryPassword: password,
            simulatedTPM: self.tpm,
            now: Date(),
            using: &self.generator
        ).volumeID
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    private func metadata() throws -> FVEMetadata {
        guard let metadata = try VolumeMetadata(readingFileAt: self.path).newest else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return metadata
    }

    /// The recovery password protectors on the volume, oldest first.
    func protectors() throws -> [GUID] {
        try self.metadata().protectors.filter { $0.kind == .recoveryPassword }.map(\.id)
    }

    /// The volume as its device reports it.
    func report(kind: Volume.Kind = .operatingSystem, protection: Volume.Protection = .on) throws -> VolumeReport {
        let recovery = try self.protectors().map { ReportedProtector(id: $0, kind: .recoveryPassword) }
        let tpm = try self.metadata().protectors.filter { $0.kind == .tpm }.map {
            ReportedProtector(id: $0.id, kind: .tpm)
        }
        return VolumeReport(id: self.id, kind: kind, label: "C:", protection: protection, protectors: tpm + recovery)
    }

    /// What an agent uploads for a proof.
    func upload() throws -> [UInt8] {
        try MetadataUpload(from: VolumeMetadata(readingFileAt: self.path)).bytes
    }

    /// The digits of a protector's recovery password.
    func digits(of protector: GUID) throws -> String {
        let editor = try VolumeEditor(openingFileAt: self.path, simulatedTPM: self.tpm)
        let password = try editor.recoveryPassword(of: protector)
        return password.withDigits { digits in String(decoding: digits.indices.map { digits[$0] }, as: UTF8.self) }
    }

    /// Adds a recovery password as Windows does, and says by which protector.
    func add() throws -> GUID {
        var editor = try VolumeEditor(openingFileAt: self.path, simulatedTPM: self.tpm)
        let before = try Set(self.protectors())
        let password = RecoveryPassword.generate(using: &self.generator)
        let plan = try editor.planAdding(password, now: Date(), using: &self.generator)
        try editor.apply(plan)
        guard let new = try self.protectors().first(where: { !before.contains($0) }) else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return new
    }

    /// Removes a protector.
    func remove(_ protector: GUID) throws {
        var editor = try VolumeEditor(openingFileAt: self.path, simulatedTPM: self.tpm)
        let plan = try editor.planRemoving(protector, now: Date())
        try editor.apply(plan)
    }

    /// Whether a password opens the volume by one of its protectors.
    func opens(with digits: String) throws -> Bool {
        let upload = try MetadataUpload(from: VolumeMetadata(readingFileAt: self.path))
        let password = try RecoveryPassword(parsing: digits)
        for protector in try self.protectors()
        where upload.prove(recoveryPassword: password, protector: protector) == .proven {
            return true
        }
        return false
    }
}
