import Crypto
import FoundationEssentials

/// What stands in for a TPM on volumes that this library formats: a 256-bit key that is kept outside of the volume.
///
/// Its key protector looks like a TPM's to every tool, and opens by this key alone. It protects nothing that matters:
/// simulated devices need something to unlock their volume with, as Windows does at every start.
public struct SimulatedTPM: Sendable {
    private let key: SymmetricKey

    /// Takes the 32 bytes of the key; nil for another length.
    public init?(key: some Collection<UInt8>) {
        guard key.count == 32 else { return nil }
        self.key = SymmetricKey(data: Array(key))
    }

    /// Makes a new one.
    public static func generate(using generator: inout some RandomNumberGenerator) -> SimulatedTPM {
        let secret = SecretBytes(count: 32, using: &generator)
        return SimulatedTPM(key: secret.withUnsafeBytes { SymmetricKey(data: $0) })
    }

    private init(key: SymmetricKey) {
        self.key = key
    }

    /// The 32 bytes of the key, for the caller to keep.
    public var keyBytes: [UInt8] { self.key.withUnsafeBytes { Array($0) } }

    /// The key as what the entries of the metadata are opened with.
    var secret: SecretBytes {
        SecretBytes(count: 32) { storage in self.key.withUnsafeBytes { storage.copyMemory(from: $0) } }
    }
}
