/// Why something is not a recovery key file (`.BEK`).
public enum RecoveryKeyError: Error, Hashable, Sendable {
    /// The file does not have a size that a recovery key file can have.
    case wrongSize(bytes: Int)
    /// The file does not begin like a recovery key file.
    case notARecoveryKeyFile
    /// The file begins like one and then contradicts itself.
    case malformed
    /// The file holds no 256-bit external key.
    case noExternalKey
}

extension RecoveryKeyError: CustomStringConvertible {
    /// What is wrong, and what to do about it.
    public var description: String {
        switch self {
        case .wrongSize(let bytes):
            "a recovery key file has 156 or 180 bytes, and this has \(bytes): choose the .BEK file from the USB drive"
        case .notARecoveryKeyFile:
            "this is not a recovery key file: choose the .BEK file from the USB drive (it may be hidden)"
        case .malformed:
            "the recovery key file is damaged: use another copy of it"
        case .noExternalKey:
            "the file is of the right kind but holds no key: use another copy of it"
        }
    }
}
