import BitLocker
import Foundation
import Synchronization

/// A volume that is formatted for one test, and the secrets that open it.
struct TestVolume: ~Copyable {
    let folder: TemporaryFolder
    let path: String
    let made: VolumeFormatter.Result
    let password: RecoveryPassword
    let tpm: SimulatedTPM
    var generator: SeededGenerator

    /// Formatting takes a stretch, and the same seed gives the same volume: each is made once.
    private static let kept = Mutex<[Key: Kept]>([:])

    private struct Key: Hashable {
        let method: VolumeFormatter.Method
        let content: String
        let withTPM: Bool
        let seed: UInt64
    }

    private struct Kept {
        let made: VolumeFormatter.Result
        let bytes: [UInt8]
        let generator: SeededGenerator
    }

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
        let key = Key(method: method, content: "\(content)", withTPM: withTPM, seed: seed)
        let kept =
            try Self.kept.withLock { $0[key] }
            ?? Self.format(key, content, password, withTPM ? tpm : nil, generator, path: folder.path("original.img"))
        try Data(kept.bytes).write(to: URL(filePath: path))
        self.made = kept.made
        self.generator = kept.generator
        self.folder = folder
        self.path = path
        self.password = password
        self.tpm = tpm
    }

    private static func format(
        _ key: Key,
        _ content: VolumeFormatter.Content,
        _ password: borrowing RecoveryPassword,
        _ tpm: SimulatedTPM?,
        _ generator: SeededGenerator,
        path: String
    ) throws -> Kept {
        var generator = generator
        let made = try VolumeFormatter(method: key.method).format(
            newFileAt: path,
            content: content,
            recoveryPassword: password,
            simulatedTPM: tpm,
            now: Self.now,
            using: &generator
        )
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let kept = Kept(made: made, bytes: bytes, generator: generator)
        Self.kept.withLock { $0[key] = kept }
        return kept
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
