import Glibc

/// Keeps secrets that are in memory from being written to a disk.
enum ProcessHardening {
    /// Turns core dumps off, and keeps other processes of the same user from reading this one's memory.
    ///
    /// Best effort: memory can still be swapped out.
    static func apply() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        // Swift does not import prctl, which has a variable number of arguments; the system call has five.
        typealias Control = @convention(c) (CInt, CUnsignedLong, CUnsignedLong, CUnsignedLong, CUnsignedLong) -> CInt
        guard let address = dlsym(nil, "prctl") else { return }
        let setDumpable: CInt = 4
        _ = unsafeBitCast(address, to: Control.self)(setDumpable, 0, 0, 0, 0)
    }
}
