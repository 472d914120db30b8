import AuditLog
import BitLocker
import EscrowCrypto
import EscrowModel
import EscrowService
import EscrowStore
import FoundationEssentials
import Glibc
import MasterKeyProviders

/// Whether a backup could be restored: a copy of it is opened in a private folder, as a server would.
struct RestoreCheck {
    let backup: String
    let configuration: ServeConfiguration
    /// How many keys to open.
    let count: Int

    func findings() async -> [Finding] {
        do {
            let folder = try TemporaryDirectory(in: Self.place, named: "sparekey-restore")
            defer { folder.remove() }
            return try await self.findings(in: folder.path)
        } catch {
            return [.fail("backup", (error as? Failure)?.message ?? "\(error)")]
        }
    }

    /// Where a copy of the backup may lie for a while.
    private static let place = Environment["TMPDIR"] ?? "/tmp"

    private func findings(in folder: String) async throws -> [Finding] {
        let copy = folder + "/data"
        let source = try self.unpack(to: folder)
        guard mkdir(copy, 0o700) == 0 else { throw Failure("cannot make \(copy): \(SmallFile.reason)") }
        let names = ["sparekey.db", "sparekey.db-wal", "checkpoint"]
        for name in names where FileStatus("\(source)/\(name)") != nil {
            try Self.copy("\(source)/\(name)", to: "\(copy)/\(name)")
        }
        var findings: [Finding] = []
        if FileStatus(source + "/master.key") != nil {
            findings.append(
                .fail(
                    "MASTER KEY",
                    "IT LIES IN THE BACKUP: whoever gets the backup has every key in escrow. Take it out, and think of "
                        + "whoever may have read it: a new master key does not help against a copied keyring"
                )
            )
        }
        var keys: [(device: Device, key: EscrowedKey)] = []
        do {
            // Closed before a store opens the copy for writing.
            let store = try StoreInspection(path: copy + "/sparekey.db")
            findings += StoreCheck.integrity(store)
            guard let keyring = try await KeyringCheck.keyring(store, self.configuration.masterKey) else {
                return findings + [.fail("keyring", "the backup has none: it is of an installation that never started")]
            }
            findings.append(.ok("master key", "it opens the backup's keyring"))
            let failures = keyring.failedCanaries()
            findings += failures.map { .fail("keyring", "\($0)") }
            var generator = SystemRandomNumberGenerator()
            keys = try store.randomKeys(self.count, using: &generator)
            findings.append(try Self.open(keys, of: store, with: keyring.opener))
        }
        findings += try await self.log(in: copy, keys)
        findings.append(.ok("live log", "nothing of this check is on it: the copy is gone"))
        return findings
    }

    private static func open(
        _ keys: [(device: Device, key: EscrowedKey)],
        of store: StoreInspection,
        with opener: Opener
    ) throws -> Finding {
        var broken: [String] = []
        for (device, key) in keys {
            guard let sealed = try store.reader.sealed(key) else { continue }
            let context = SealContext(
                device: device.id,
                volume: key.volumeID,
                protector: key.protectorID,
                kind: key.kind,
                keyVersion: key.version
            )
            // What is opened is wiped as it goes out of use, which is at once.
            do { _ = try opener.open(sealed, context: context) } catch {
                broken.append("\(key.protectorID) of \(device.facts.name)")
            }
        }
        guard broken.isEmpty else {
            return .fail("keys", "\(broken.count) of \(keys.count) do not open, such as \(broken[0])")
        }
        return .ok("keys", "\(keys.count) drawn at random open")
    }

    /// Verifies the whole log of the copy, and that the deposit of each drawn key is on it.
    private func log(in copy: String, _ keys: [(device: Device, key: EscrowedKey)]) async throws -> [Finding] {
        var configuration = self.configuration
        configuration.directory = copy
        configuration.auditAnchor = copy + "/checkpoint"
        configuration.auditOrigin = nil
        // Nothing of this must outlive the check, and the live opener's memory of its log is not the copy's.
        configuration.opener.place = .inProcess
        configuration.role = .full
        let installation = try await Installation(configuration) { _ in }
        do {
            let findings = try await Self.log(of: installation, keys)
            await installation.close()
            return findings
        } catch {
            await installation.close()
            throw error
        }
    }

    private static func log(
        of installation: Installation,
        _ keys: [(device: Device, key: EscrowedKey)]
    ) async throws -> [Finding] {
        let caller = Caller(
            identity: .localOperator(name: "restore-check"),
            role: .administrator,
            scope: .everything,
            source: Source(address: "local")
        )
        var verifier = LogVerifier(keys: [installation.logKey])
        for try await lines in try await installation.service.auditExport(by: caller) { verifier.read(lines) }
        let result = verifier.finish()
        guard result.isIntact else {
            let first = result.problems.first.map { "\($0)" } ?? ""
            return [.fail("audit log", "\(result.problems.count) problems, first: \(first)")]
        }
        var findings: [Finding] = [.ok("audit log", "\(result.recordCount) records verify")]
        var missing = 0
        for (device, key) in keys {
            var filter = AuditFilter()
            filter.device = device.id
            filter.kind = .keyDeposited
            var cursor: Int64?
            var isFound = false
            repeat {
                let page = try await installation.service.audit(
                    filter,
                    PageRequest(after: cursor, limit: 500),
                    by: caller
                )
                let id = key.protectorID.description
                isFound = page.items.contains {
                    $0.record.map { String(decoding: $0, as: UTF8.self).contains(id) } ?? true
                }
                cursor = page.next
            } while !isFound && cursor != nil
            if !isFound { missing += 1 }
        }
        findings.append(
            missing == 0
                ? .ok("records", "the deposit of each of them is on the log")
                : .fail("records", "the deposits of \(missing) of them are not on the log: somebody added keys")
        )
        return findings
    }

    /// Where the backup's files are, after a tar file was unpacked.
    private func unpack(to folder: String) throws(Failure) -> String {
        guard let status = FileStatus(self.backup) else {
            throw Failure("cannot read \(self.backup): \(SmallFile.reason)")
        }
        if status.isDirectory { return self.backup }
        let unpacked = folder + "/unpacked"
        guard mkdir(unpacked, 0o700) == 0 else { throw Failure("cannot make \(unpacked): \(SmallFile.reason)") }
        if Self.isDatabase(self.backup) {
            try Self.copy(self.backup, to: unpacked + "/sparekey.db")
            return unpacked
        }
        guard Self.run("tar", ["-xf", self.backup, "-C", unpacked, "--no-same-owner"]) else {
            throw Failure("\(self.backup) is neither a database, a folder nor a tar file that can be unpacked")
        }
        // As `tar -C DIR .` has it, or in one folder.
        if FileStatus(unpacked + "/sparekey.db") != nil { return unpacked }
        for name in try Self.names(in: unpacked) where FileStatus("\(unpacked)/\(name)/sparekey.db") != nil {
            return "\(unpacked)/\(name)"
        }
        throw Failure("there is no sparekey.db in \(self.backup)")
    }

    private static func isDatabase(_ path: String) -> Bool {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 15)
        return read(descriptor, &bytes, 15) == 15 && bytes == Array("SQLite format 3".utf8)
    }

    private static func names(in folder: String) throws(Failure) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw Failure("cannot read \(folder)")
        }
    }

    private static func copy(_ source: String, to target: String) throws(Failure) {
        do {
            try FileManager.default.copyItem(atPath: source, toPath: target)
        } catch {
            throw Failure("cannot copy \(source): is there room in \(Self.place)? (\(error))")
        }
    }

    /// Runs a program of the system's to its end; whether it ended well.
    private static func run(_ program: String, _ arguments: [String]) -> Bool {
        var pointers: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        pointers.append(nil)
        var process = pid_t()
        guard posix_spawnp(&process, program, nil, nil, &pointers, environ) == 0 else { return false }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 { guard errno == EINTR else { return false } }
        return status == 0
    }
}
