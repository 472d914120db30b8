import BitLocker
import Foundation

/// A volume that is formatted for one test, and the secrets that open it.
struct TestVolume: ~Copyable {
    let folder: TemporaryFolder
    let path: String
    let made: VolumeFormatter.Result
    let password: RecoveryPassword
    let tpm: SimulatedTPM
    var generator: SeededGenerator

    static let now = Date(timeIntervalSince1970: 1_790_000_000)

    init(
        method: VolumeFormatter.Method = .xts128,
        content: VolumeFormatter.Content = .empty(size: 2 << 20),
        withTPM: Bool = true,
        seed: UInt64 = 42
    ) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("volume.img")
        var generator = SeededGenerator(seed: seed)
        let password = RecoveryPassword.generate(using: &generator)
        let tpm = SimulatedTPM.generate(using: &generator)
        self.made = try VolumeFormatter(method: method).format(
            newFileAt: path,
            content: content,
            recoveryPassword: password,
            simulatedTPM: withTPM ? tpm : nil,
            now: Self.now,
            using: &generator
        )
        self.folder = folder
        self.path = path
        self.password = password
        self.tpm = tpm
        self.generator = generator
    }

    var metadata: VolumeMetadata {
        get throws { try VolumeMetadata(readingFileAt: self.path) }
    }

    /// The whole volume.
    var bytes: [UInt8] {
        get throws { [UInt8](try Data(contentsOf: URL(filePath: self.path))) }
    }

    /// Overwrites part of the volume, as a crash or a fault would.
    func write(_ bytes: [UInt8], at offset: UInt64) throws {
        let file = try FileHandle(forUpdating: URL(filePath: self.path))
        try file.seek(toOffset: offset)
        try file.write(contentsOf: bytes)
        try file.close()
    }
}
