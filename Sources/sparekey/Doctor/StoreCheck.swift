import AuditLog
import EscrowCrypto
import EscrowModel
import EscrowStore
import Glibc

/// The database, the log in it, and what waits there for somebody.
struct StoreCheck {
    let configuration: ServeConfiguration

    func findings(now: Timestamp) -> [Finding] {
        let store: StoreInspection
        do {
            store = try StoreInspection(path: self.configuration.directory + "/sparekey.db")
        } catch {
            return [.fail("database", "\(error)")]
        }
        return Self.integrity(store)
            + Finding.of("audit log") { try Self.log(store, now: now) }
            + Finding.of("anchor") { try self.anchor(store, now: now) }
            + Finding.of("escrow") { try Self.standing(store, now: now) }
    }

    /// Whether the file is sound and its schema known.
    static func integrity(_ store: StoreInspection) -> [Finding] {
        Finding.of("database") {
            let (found, known) = try store.schemaVersion()
            if found > known {
                return [.fail("database", "a later version wrote it (\(found), here \(known)): run that version")]
            }
            let damage = try store.damage()
            guard damage.isEmpty else {
                return [.fail("database", "it is damaged (\(damage[0])): check the disk, then restore a backup")]
            }
            let dangling = try store.danglingReferences()
            guard dangling == 0 else {
                return [.fail("database", "\(dangling) rows refer to nothing: somebody changed it. Restore a backup")]
            }
            return [
                .ok(
                    "database",
                    "sound, schema \(found)\(found < known ? ", the next start brings it to \(known)" : "")"
                )
            ]
        }
    }

    private static func log(_ store: StoreInspection, now: Timestamp) throws -> [Finding] {
        guard let head = try store.checkedHead() else { return [.warn("audit log", "there is none yet")] }
        if head.size > 0, now + .minutes(1) < head.lastTime {
            return [.fail("clock", "it is \(now), and the last entry is of \(head.lastTime): set the clock")]
        }
        return [.ok("audit log", "\(head.size) entries, the last of \(head.lastTime); the head fits them")]
    }

    private func anchor(_ store: StoreInspection, now: Timestamp) throws -> [Finding] {
        let path = self.configuration.auditAnchor
        guard let status = FileStatus(path) else {
            return [.fail("anchor", "there is no \(path): find out who moved it away")]
        }
        guard let stored = try store.reader.keyringDocument()?.bytes else { return [] }
        let document = try KeyringDocument(json: stored)
        let note = try SignedNote(parsing: SmallFile.read(path))
        guard let head = try store.reader.logHead(),
            let checkpoint = try? Checkpoint(
                verifying: note,
                by: [
                    VerifierKey(
                        name: head.origin,
                        publicKey: document.auditLogPublicKey
                    )
                ]
            )
        else { return [.fail("anchor", "\(path) is not a checkpoint that this log's key signed")] }
        let size = Int64(checkpoint.size)
        guard head.size >= size else {
            return [
                .fail("anchor", "the log has \(head.size) entries and \(path) bears witness to \(size): an old backup?")
            ]
        }
        guard try store.root(at: size) == checkpoint.root.bytes else {
            return [.fail("anchor", "the first \(size) entries are not those that \(path) bears witness to")]
        }
        var findings: [Finding] = [.ok("anchor", "the log is the one of \(path), at \(size) of \(head.size) entries")]
        let data = FileStatus(self.configuration.directory)
        if data?.fileSystem == status.fileSystem {
            findings.append(
                .warn("anchor", "it is on the data's own disk, and is lost or put back with it: see --audit-anchor")
            )
        }
        return findings
    }

    private static func standing(_ store: StoreInspection, now: Timestamp) throws -> [Finding] {
        var findings: [Finding] = []
        let counts = try store.reader.statusCounts(scope: .everything)
        let failed = counts[.failed] ?? 0
        findings.append(
            failed == 0
                ? .ok(
                    "escrow",
                    "\(counts[.escrowed] ?? 0) devices escrowed, \(counts[.pending] ?? 0) pending, none failed"
                )
                : .warn("escrow", "\(failed) devices failed: `sparekey key list --status failed` says why")
        )
        let limit = 1000
        let unproven = try store.unprovenVolumes(limit: limit)
        if unproven > 0 {
            let count = unproven == limit ? "\(limit) or more" : "\(unproven)"
            findings.append(
                .warn("proofs", "\(count) volumes' current keys are not proven: `sparekey key list --proof unproven`")
            )
        }
        let stuck = try store.reader.rotationsPastDeadline(now + .minutes(-5), limit: limit).count
        if stuck > 0 {
            findings.append(
                .fail("rotations", "\(stuck) are past their deadline and nobody ended them: does a server run?")
            )
        }
        for token in try store.reader.apiTokens() where token.isValid(at: now) && !token.isValid(at: now + .days(14)) {
            let ends = token.expiresAt?.description ?? ""
            findings.append(.warn("tokens", "\(token.name) (\(token.id)) ends on \(ends): make another"))
        }
        for setup in try store.reader.openBreakGlass(at: now) {
            findings.append(.warn("break-glass", "it is open until \(setup.endsAt?.description ?? "")"))
        }
        findings.append(
            try store.reader.sealedBreakGlass() == nil
                ? .warn("break-glass", "nothing is set up: see `sparekey break-glass setup`")
                : .ok("break-glass", "set up")
        )
        return findings
    }
}
