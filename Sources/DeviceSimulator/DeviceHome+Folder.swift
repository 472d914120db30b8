import Glibc

extension DeviceHome {
    /// Makes a folder and those above it, readable by their owner only.
    static func createFolder(_ path: String) throws {
        var above = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            above += above.isEmpty && !path.hasPrefix("/") ? "\(part)" : "/\(part)"
            guard !part.isEmpty else {
                above = above == "/" ? "" : above
                continue
            }
            guard mkdir(above, 0o700) == 0 || errno == EEXIST else {
                throw SimulatorError.system(operation: "create", path: above, errorNumber: errno)
            }
        }
    }
}
