import Glibc

/// Keeps secrets that are in memory from being written to a disk, or read by others.
enum ProcessHardening {
    /// The options of prctl(2) that are used, which Swift does not import.
    private enum Control: CInt {
        case setParentDeathSignal = 1
        case setDumpable = 4
        case setNoNewPrivileges = 38
    }

    /// Turns core dumps off, keeps other processes of the same user from reading this one's memory, and lets nothing that
    /// it starts have more rights than it has.
    static func apply() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        Self.control(.setDumpable, 0)
        Self.control(.setNoNewPrivileges, 1)
    }

    /// Keeps memory, what is used of it from now on too, from being swapped out. What keeps it from that, in a sentence;
    /// nil when it is done.
    static func lockMemory() -> String? {
        var limit = rlimit()
        let resource = __rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue)
        getrlimit(resource, &limit)
        var unlimited = rlimit(rlim_cur: .max, rlim_max: .max)
        if limit.rlim_cur != .max, setrlimit(resource, &unlimited) == 0 { limit = unlimited }
        // With a limit, a program that locks what it will use runs out of memory at the limit.
        guard limit.rlim_cur == .max else {
            return "memory is not locked and may be swapped out: allow it (LimitMEMLOCK=infinity), or encrypt swap"
        }
        // Only pages that were touched: all of what is mapped would be many times more.
        let onFault: CInt = 4
        guard mlockall(MCL_CURRENT | MCL_FUTURE | onFault) == 0 else {
            return "memory is not locked and may be swapped out: \(SmallFile.reason)"
        }
        return nil
    }

    /// Has the system end this process when its parent ends; false when that has happened already.
    static func endWithParent(_ parent: pid_t) -> Bool {
        Self.control(.setParentDeathSignal, CUnsignedLong(SIGKILL))
        return getppid() == parent
    }

    private static func control(_ option: Control, _ argument: CUnsignedLong) {
        // Swift does not import prctl, which has a variable number of arguments; the system call has five.
        typealias Call = @convention(c) (CInt, CUnsignedLong, CUnsignedLong, CUnsignedLong, CUnsignedLong) -> CInt
        guard let address = dlsym(nil, "prctl") else { return }
        _ = unsafeBitCast(address, to: Call.self)(option.rawValue, argument, 0, 0, 0)
    }
}
