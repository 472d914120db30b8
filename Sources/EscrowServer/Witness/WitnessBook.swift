package import AuditLog
import Dispatch
import DurableFiles
import Synchronization

/// What a witness has cosigned last of each of its logs, in one file a log: `<hex of SHA-256 of the origin>.checkpoint`.
///
/// Checking and storing are one step, and what was stored is on the disk before anybody gets a cosignature. A witness that
/// forgets is none: a file that cannot be read keeps it from starting.
package final class WitnessBook: Sendable {
    private let directory: String
    private let logs: [VerifierKey]
    private let key: SigningKey
    private let clock: @Sendable () -> UInt64
    /// Files are written here, so that no thread of Swift's waits for the disk.
    private let queue = DispatchQueue(label: "sparekey.witness")
    private let latest: Mutex<[String: SignedNote]>

    /// Opens the book.
    ///
    /// - Parameters:
    ///   - directory: where the files are; must exist.
    ///   - logs: the verifier keys of the logs.
    ///   - key: the witness's own.
    ///   - clock: seconds since 1970.
    package init(
        directory: String,
        logs: [VerifierKey],
        key: SigningKey,
        clock: @escaping @Sendable () -> UInt64
    ) throws(WitnessError) {
        self.directory = directory
        self.logs = logs
        self.key = key
        self.clock = clock
        var latest: [String: SignedNote] = [:]
        for origin in Set(logs.map(\.name)) {
            let path = "\(directory)/\(Self.name(of: origin)).checkpoint"
            let found: [UInt8]?
            do throws(DurableFileError) {
                found = try DurableFile.read(path, atMost: SignedNote.maximumByteCount + 1)
            } catch {
                throw WitnessError(path: path, reason: error.reason)
            }
            guard let bytes = found else { continue }
            do throws(NoteError) {
                let note = try SignedNote(parsing: bytes)
                _ = try note.verified(by: [key.cosignerKey])
                _ = try Checkpoint(verifying: note, by: logs.filter { $0.name == origin })
                latest[origin] = note
            } catch {
                throw WitnessError(path: path, reason: "\(error)")
            }
        }
        self.latest = Mutex(latest)
    }

    /// Decides about a request; nil when it could not be stored, and then nothing is cosigned.
    package func answer(_ request: WitnessRequest) async -> (decision: WitnessDecision, cosignature: NoteSignature?)? {
        await withCheckedContinuation { continuation in
            self.queue.async { continuation.resume(returning: self.decide(request)) }
        }
    }

    /// The latest cosigned checkpoint of a log, by the hex of the SHA-256 of its origin; nil for none.
    package func checkpoint(named name: String) -> SignedNote? {
        self.latest.withLock { latest in latest.first { Self.name(of: $0.key) == name }?.value }
    }

    /// The name that a log has in paths: the SHA-256 of its origin, in lower-case hexadecimal digits.
    package static func name(of origin: String) -> String { MerkleTree.digest(of: Array(origin.utf8)).description }

    /// Only ever called on the queue, so that nothing comes between checking and storing; and the disk is waited for without
    /// the lock, which a reader takes on a thread of the network's.
    private func decide(_ request: WitnessRequest) -> (decision: WitnessDecision, cosignature: NoteSignature?)? {
        let latest = self.latest.withLock { $0 }
        let decision = WitnessDecision.decide(request, logs: self.logs) { origin in
            latest[origin].flatMap { try? Checkpoint(text: $0.text) }
        }
        guard case .cosign(let checkpoint) = decision else { return (decision, nil) }
        let path = "\(self.directory)/\(Self.name(of: checkpoint.origin)).checkpoint"
        guard let cosignature = try? self.key.cosign(checkpoint, at: self.clock()),
            let note = try? Self.note(request.checkpoint, with: cosignature, keys: self.logs),
            (try? DurableFile.replace(path, with: note.bytes)) != nil
        else { return nil }
        self.latest.withLock { $0[checkpoint.origin] = note }
        return (decision, cosignature)
    }

    /// The log's own signatures and ours; those of others are not ours to hand on.
    private static func note(
        _ note: SignedNote,
        with cosignature: NoteSignature,
        keys: [VerifierKey]
    ) throws -> SignedNote {
        let own = note.signatures.filter { signature in
            keys.contains { $0.name == signature.name && $0.keyID == signature.keyID }
        }
        return try SignedNote(text: note.text, signatures: own + [cosignature])
    }
}

/// Why a witness does not start: what it has cosigned cannot be read.
package struct WitnessError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file.
    package let path: String
    /// What is wrong with it.
    package let reason: String

    /// A sentence for people, which says what to do.
    package var description: String {
        "what this witness has cosigned cannot be read from \(self.path) (\(self.reason)); put the right file back. Without it "
            + "the witness would believe a log that was rewound"
    }
}
