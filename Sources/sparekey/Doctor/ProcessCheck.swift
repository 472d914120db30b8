import EscrowOpener
import EscrowStore
import Glibc

/// What the kernel says of the processes that run on a data directory: who they are, and whether their memory stays theirs.
struct ProcessCheck {
    let configuration: ServeConfiguration

    func findings() -> [Finding] {
        var findings: [Finding] = []
        if let server = Self.listener("\(self.configuration.directory)/admin.sock") {
            findings += Self.hardening("server process", server.process, server.user)
        } else {
            findings.append(.warn("server process", "whose admin.sock is cannot be told: are you the server's user?"))
        }
        return findings + self.opener()
    }

    /// The process that holds the private keys. That it opens what it should, `/readyz` says.
    private func opener() -> [Finding] {
        let path = OpenerCommand.socket(self.configuration.directory)
        guard let socket = FileStatus(path) else {
            let text = "there is no opener.sock"
            return self.configuration.opener.place == .inProcess
                ? [.warn("opener", "\(text), as configured: the server itself holds the private keys")]
                : [
                    .warn(
                        "opener",
                        "\(text): has the server other settings, and holds the private keys itself?"
                    )
                ]
        }
        guard socket.mode & 0o077 == 0, socket.owner == FileStatus(self.configuration.directory)?.owner else {
            return [
                .fail("opener", "others may use opener.sock, or own it: restart the server, find out who was here")
            ]
        }
        guard let opener = Self.listener(path) else {
            return self.configuration.opener.place == .inProcess
                ? [.warn("opener", "none runs, as configured: the server itself holds the private keys")]
                : [.fail("opener", "nobody listens on opener.sock: restart the server, and look at its log")]
        }
        return [.ok("opener", "process \(opener.process) has the private keys")]
            + Self.hardening("opener process", opener.process, opener.user)
    }

    /// Whoever listens on a socket of the data directory.
    private static func listener(_ path: String) -> (process: pid_t, user: uid_t)? {
        guard let socket = try? UnixSocket(path: path).connect() else { return nil }
        return socket.peer
    }

    /// Whether a process leaves its memory to nobody: not in a core dump, not to a debugger, not in swap.
    private static func hardening(_ what: String, _ process: pid_t, _ user: uid_t) -> [Finding] {
        guard let limits = Self.lines("limits", of: process), let status = Self.lines("status", of: process) else {
            return [.warn(what, "/proc/\(process) cannot be read: run the doctor in the server's PID namespace")]
        }
        var findings: [Finding] = []
        findings.append(
            Self.words(after: "Max core file size", in: limits).first == "0"
                ? .ok(what, "core dumps are off")
                : .fail(what, "core dumps are on, and have secrets in them: LimitCORE=0")
        )
        // The kernel gives the files of a process that is not dumpable to root. Of root's own it cannot be told.
        if user != 0, let owner = FileStatus("/proc/\(process)/limits")?.owner {
            findings.append(
                owner == 0
                    ? .ok(what, "others of its user cannot read its memory")
                    : .fail(what, "others of its user can read its memory: is it the program that you installed?")
            )
        }
        let locked = Self.words(after: "VmLck:", in: status).first ?? "0"
        if locked != "0" {
            findings.append(.ok(what, "its memory is locked"))
        } else if DataDirectoryCheck.isSwapOn == false {
            findings.append(.ok(what, "its memory is not locked, and there is no swap that it could be written to"))
        } else {
            findings.append(.warn(what, "its memory may be swapped out: LimitMEMLOCK=infinity, or encrypt swap"))
        }
        return findings
    }

    private static func lines(_ name: String, of process: pid_t) -> [Substring]? {
        guard let bytes = try? SmallFile.read("/proc/\(process)/\(name)") else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }

    private static func words(after label: String, in lines: [Substring]) -> [Substring] {
        guard let line = lines.first(where: { $0.hasPrefix(label) }) else { return [] }
        return line.dropFirst(label.count).split { $0 == " " || $0 == "\t" }
    }
}
