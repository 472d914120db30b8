import AuditLog
import DurableFiles

/// Bears witness outside the database of how far the log had come: a file with the latest signed checkpoint.
///
/// Written after commits, at most once a second and never by the thread that commits. A database that was put back
/// to an older state is shorter than its anchor, or has another root at the anchor's size, and is not started with.
struct LogAnchor: Sendable {
    private let file: LatestFile

    init(path: String) { self.file = LatestFile(path: path) }

    /// Where the file is.
    var path: String { self.file.path }

    /// Why the last writing failed; nil when it did not.
    var problem: String? { self.file.problem?.reason }

    /// The checkpoint in the file; nil when there is no file.
    func read() throws(StoreError) -> [UInt8]? {
        do throws(DurableFileError) {
            return try DurableFile.read(self.path, atMost: SignedNote.maximumByteCount + 1)
        } catch {
            throw self.broken(error.reason)
        }
    }

    /// Takes a newer checkpoint, to be written within a second.
    func note(_ checkpoint: [UInt8]) { self.file.note(checkpoint) }

    /// Writes what is not written yet, and waits for it.
    func flush() { self.file.flush() }

    func broken(_ reason: String) -> StoreError { .refused(.brokenAnchor(path: self.path, reason: reason)) }
}
