/// Why a volume's metadata could not be changed.
public enum VolumeEditError: Error, Hashable, Sendable {
    /// The file or device could not be used.
    case access(VolumeAccessError)
    /// No copy of the metadata is valid.
    case noValidMetadata
    /// The metadata is of a version that is not written: Windows Vista's.
    case unsupportedVersion(UInt16)
    /// The secret does not unlock the volume.
    case wrongSecret
    /// There is no such key protector, or none that this kind of secret belongs to.
    case noSuchProtector
    /// A key protector with this ID is on the volume already.
    case protectorExists
    /// It could not be tried whether the secret unlocks the volume.
    case obstacle(Proof.Obstacle)
    /// These copies (0 to 2) are not what the volume master key sealed.
    case tampered(copies: [Int])
    /// The last key protector cannot be removed: nothing would open the volume any more.
    case lastProtector
    /// The metadata has no room for another key protector.
    case noRoom
    /// The nonce counter has come to its end.
    case noncesExhausted
    /// The metadata was changed after the rewrite was planned.
    case stalePlan
    /// A volume cannot be made of this size, or around this file system image.
    case unusableSize
}

extension VolumeEditError: CustomStringConvertible {
    /// What is wrong, and what to do about it.
    public var description: String {
        switch self {
        case .access(let error): error.description
        case .noValidMetadata: "no copy of the metadata is valid: the volume cannot be unlocked"
        case .unsupportedVersion(let version): "metadata of version \(version) can be read but not changed"
        case .wrongSecret: "the secret does not unlock the volume: check that it is that of this volume"
        case .noSuchProtector: "the volume has no such key protector: list its key protectors"
        case .protectorExists: "the volume has a key protector with this ID already: use another key"
        case .obstacle(let obstacle): "the volume cannot be unlocked: \(obstacle)"
        case .tampered(let copies):
            "copies \(copies.map(String.init).joined(separator: ", ")) of the metadata are not what the volume master key "
                + "sealed: do not trust this volume"
        case .lastProtector: "this is the last key protector: add another before removing it"
        case .noRoom: "the metadata is full: remove a key protector first"
        case .noncesExhausted: "the volume's nonce counter has come to its end: decrypt it and protect it anew"
        case .stalePlan: "the metadata was changed since the rewrite was planned: plan it again"
        case .unusableSize:
            "a volume needs whole sectors, at least 2 MiB, and four stretches of zeros (72 KiB and three of 64 KiB) in it"
        }
    }
}
