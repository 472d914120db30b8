package import BitLocker
import DurableFiles
import FoundationEssentials

/// What a simulated device unlocks its volumes with, in the device's folder.
///
/// Windows has its TPM. A device that was formatted here has a simulated one; a device with an image that was given has
/// the secrets that came with it and those that it made since.
package struct UnlockingKeys: Sendable {
    /// The device's folder.
    package let folder: String

    /// Names the folder.
    package init(folder: String) { self.folder = folder }

    private struct Known: Codable {
        /// The protector, once it is known.
        var protector: GUID?
        /// The 48 digits.
        var password: String
    }

    private var tpmPath: String { self.folder + "/tpm.key" }
    private var passwordsPath: String { self.folder + "/known-passwords.json" }
    private func keyPath(_ protector: GUID) -> String { self.folder + "/\(protector).bek" }

    // MARK: Keeping

    /// Keeps a simulated TPM.
    package func keep(_ tpm: SimulatedTPM) throws { try DurableFile.replace(self.tpmPath, with: tpm.keyBytes) }

    /// Keeps recovery passwords of protectors that are not known yet.
    package func keep(passwords: [String]) throws {
        try self.keep(passwords.map { Known(protector: nil, password: $0) })
    }

    /// Keeps the recovery password of a protector that is about to be added; not where there is a TPM.
    func keep(_ password: borrowing RecoveryPassword, of protector: GUID) throws {
        guard try DurableFile.read(self.tpmPath, atMost: DeviceHome.largestFile) == nil else { return }
        try self.keep([Known(protector: protector, password: password.text)])
    }

    /// Keeps a recovery key.
    func keep(_ key: borrowing RecoveryKey) throws {
        try DurableFile.replace(self.keyPath(key.protectorID), with: key.withFileBytes { $0.array })
    }

    private func keep(_ more: [Known]) throws {
        try DurableFile.replace(self.passwordsPath, with: Array(try JSONEncoder().encode(self.passwords() + more)))
    }

    // MARK: Using

    /// The `.BEK` file of a protector.
    func recoveryKeyFile(of protector: GUID) throws -> Data {
        guard let bytes = try DurableFile.read(self.keyPath(protector), atMost: DeviceHome.largestFile) else {
            throw SimulatorError.unusableState(path: self.keyPath(protector))
        }
        return Data(bytes)
    }

    /// Opens a volume with whatever fits.
    package func open(_ image: String) throws -> VolumeEditor {
        if let bytes = try DurableFile.read(self.tpmPath, atMost: DeviceHome.largestFile),
            let tpm = SimulatedTPM(key: bytes)
        {
            return try VolumeEditor(openingFileAt: image, simulatedTPM: tpm)
        }
        let volume = try VolumeMetadata(readingFileAt: image)
        if volume.conditions.contains(.suspended) { return try VolumeEditor(openingSuspendedFileAt: image) }
        let protectors = volume.validCopies.flatMap(\.protectors)
        for protector in protectors where protector.kind == .externalKey {
            guard let bytes = try DurableFile.read(self.keyPath(protector.id), atMost: DeviceHome.largestFile) else {
                continue
            }
            return try VolumeEditor(openingFileAt: image, recoveryKey: RecoveryKey(parsing: bytes))
        }
        // The newest first: the older ones may be gone from the volume.
        for known in try self.passwords().reversed() {
            if let protector = known.protector, !protectors.contains(where: { $0.id == protector }) { continue }
            do {
                let password = try RecoveryPassword(parsing: known.password)
                return try VolumeEditor(
                    openingFileAt: image,
                    recoveryPassword: password,
                    protector: known.protector
                )
            } catch VolumeEditError.wrongSecret, VolumeEditError.noSuchProtector {
                continue
            }
        }
        throw SimulatorError.lockedImage(path: image)
    }

    private func passwords() throws -> [Known] {
        guard let bytes = try DurableFile.read(self.passwordsPath, atMost: DeviceHome.largestFile) else { return [] }
        guard let known = try? JSONDecoder().decode([Known].self, from: Data(bytes)) else {
            throw SimulatorError.unusableState(path: self.passwordsPath)
        }
        return known
    }
}
