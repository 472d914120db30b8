import Glibc

/// Why a simulated device cannot go on.
package enum SimulatorError: Error, Sendable {
    /// A file could not be opened, read or written: what was tried, and the system's error number.
    case system(operation: String, path: String, errorNumber: Int32)
    /// A file in the state folder is not what the simulator wrote.
    case unusableState(path: String)
    /// None of the secrets that the simulator was given opens the image.
    case lockedImage(path: String)
    /// The image has no valid FVE metadata.
    case unusableImage(path: String, problem: String)
}

extension SimulatorError: CustomStringConvertible {
    /// What is wrong; what to do.
    package var description: String {
        switch self {
        case .system(let operation, let path, let errorNumber):
            "cannot \(operation) \(path): \(String(cString: strerror(errorNumber)))"
        case .unusableState(let path):
            "\(path) is not the state of a simulated device; delete its folder to begin with a new device"
        case .lockedImage(let path):
            "nothing given opens \(path); name a file with its recovery password with --image-password-file"
        case .unusableImage(let path, let problem):
            "\(path) cannot be used: \(problem); give an image of a BitLocker volume"
        }
    }
}
