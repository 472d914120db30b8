import Glibc

/// Why a volume could not be read or written.
public enum VolumeAccessError: Error, Hashable, Sendable {
    /// The file or device could not be opened, read or written: what was tried, and the system's error number.
    case system(operation: String, errorNumber: Int32)
    /// The first sector is not that of a BitLocker volume.
    case notBitLocker
}

extension VolumeAccessError: CustomStringConvertible {
    /// What is wrong, and what to do about it.
    public var description: String {
        switch self {
        case .system(let operation, let errorNumber):
            "cannot \(operation) the volume: \(String(cString: strerror(errorNumber)))"
        case .notBitLocker:
            "this is not a BitLocker volume: give the partition or an image of it, not of the whole disk"
        }
    }
}
