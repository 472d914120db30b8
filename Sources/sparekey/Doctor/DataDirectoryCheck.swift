import EscrowStore
import Glibc

/// The files of a data directory: whose they are, who may read them, and how much room there is.
struct DataDirectoryCheck {
    let configuration: ServeConfiguration

    func findings() -> [Finding] {
        let directory = self.configuration.directory
        guard let status = FileStatus(directory), status.isDirectory else {
            return [.fail("data directory", "\(directory) cannot be read: \(SmallFile.reason)")]
        }
        guard FileStatus(directory + "/sparekey.db") != nil else {
            return [.fail("data directory", "there is no sparekey.db in \(directory): is it the right one?")]
        }
        var findings: [Finding] = []
        findings.append(
            status.mode & 0o077 == 0
                ? .ok("data directory", "\(directory) is its owner's alone")
                : .fail("data directory", "others may enter \(directory): chmod 700 it")
        )
        if status.owner != geteuid() {
            let text = "it belongs to user \(status.owner), and you are \(geteuid()): run the doctor as that user"
            // Root reads it all, but takes nobody else's master key.
            findings.append(geteuid() == 0 ? .warn("data directory", text) : .fail("data directory", text))
        }
        for name in ["sparekey.db", "sparekey.db-wal", "master.key", "opener.checkpoint", "admin.sock"] {
            guard let file = FileStatus("\(directory)/\(name)") else { continue }
            if file.mode & 0o077 != 0 {
                findings.append(.fail("file modes", "others may read \(name): chmod 600 it"))
            }
            if file.owner != status.owner {
                findings.append(.fail("file modes", "\(name) belongs to another user than the directory: chown it"))
            }
        }
        if FileStatus(directory + "/master.key") != nil {
            findings.append(
                .warn("master key", "it lies beside the database: whoever copies the directory has every key. Move it")
            )
        }
        findings.append(Self.space(directory))
        if let log = FileStatus(directory + "/sparekey.db-wal") {
            findings.append(
                log.size > 256 << 20
                    ? .warn(
                        "write-ahead log",
                        "it has \(log.size >> 20) MiB: a long read holds it; restart the server"
                    )
                    : .ok("write-ahead log", "\(log.size >> 10) KiB")
            )
        }
        findings += Self.swap()
        return findings
    }

    private static func space(_ directory: String) -> Finding {
        guard let bytes = FileStatus.freeBytes(at: directory) else { return .fail("disk space", SmallFile.reason) }
        let free = bytes >> 20
        if free < 100 { return .fail("disk space", "\(free) MiB are free: make room now, deposits are about to fail") }
        return free < 2048
            ? .warn("disk space", "\(free) MiB are free: make room") : .ok("disk space", "\(free) MiB free")
    }

    private static func swap() -> [Finding] {
        guard let isOn = Self.isSwapOn else { return [] }
        return isOn
            ? [.warn("swap", "it is on, and secrets may be written to it: turn it off, encrypt it, or MemorySwapMax=0")]
            : [.ok("swap", "off")]
    }

    /// Whether this machine has swap; nil when it cannot be told.
    static var isSwapOn: Bool? {
        guard let bytes = try? SmallFile.read("/proc/swaps") else { return nil }
        return bytes.split(separator: UInt8(ascii: "\n")).count > 1
    }
}
