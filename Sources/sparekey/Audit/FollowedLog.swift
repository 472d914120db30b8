import AuditLog
import DurableFiles
import FoundationEssentials
import Glibc

/// What is kept of a running server's log from one verification to the next: its key and the last checkpoint.
struct FollowedLog: Sendable {
    /// Where it is kept.
    let path: String

    /// The place for a server's log: the one that was asked for, else one in the user's state directory.
    init(server: ServerAddress, path: String?) throws(Failure) {
        if let path {
            self.path = path
            return
        }
        guard let base = Environment["XDG_STATE_HOME"] ?? Environment["HOME"].map({ $0 + "/.local/state" }) else {
            throw Failure("say where to keep the checkpoint: --state FILE")
        }
        let name = server.text.map { $0.isLetter || $0.isNumber || $0 == "." ? $0 : "_" }
        self.path = "\(base)/sparekey/\(String(name)).checkpoint"
    }

    /// What was kept; nil the first time.
    func read() throws(Failure) -> (key: VerifierKey, checkpoint: Checkpoint)? {
        guard access(self.path, F_OK) == 0 else { return nil }
        let bytes = try SmallFile.read(self.path)
        let end = bytes.firstIndex(of: 0x0A) ?? 0
        do throws(NoteError) {
            let key = try VerifierKey(String(decoding: bytes[..<end], as: UTF8.self))
            let note = try SignedNote(parsing: Array(bytes[(end + 1)...]))
            return (key, try Checkpoint(verifying: note, by: [key]))
        } catch {
            throw Failure("\(self.path) is not what was kept of this log (\(error)); find out who changed it")
        }
    }

    /// Keeps a checkpoint that was verified, in place of the one before.
    func write(_ key: VerifierKey, _ note: SignedNote) throws(Failure) {
        let folder = DurableFile.folder(of: self.path)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw Failure("cannot make \(folder)")
        }
        do throws(DurableFileError) {
            try DurableFile.replace(self.path, with: Array("\(key)\n\(note)".utf8))
        } catch {
            throw Failure(error.description)
        }
    }
}
