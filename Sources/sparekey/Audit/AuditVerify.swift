import ArgumentParser
import AuditLog
import FoundationEssentials
import Glibc

/// `sparekey audit verify`.
struct AuditVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verifies an audit log: that no record was changed, removed, inserted or put elsewhere.",
        discussion: """
            Recomputes the Merkle tree over all records and checks it against every signed checkpoint. Works on a file \
            from `audit export` without any server, or on a running server's log. Of a server's log the last checkpoint is \
            kept (--state), and the next time only what is new is asked for: that the log is the same one, grown, and with \
            an auditor's token the records since. Without a token only hashes are looked at.

            Give the log's verifier key with --vkey, noted when the installation was new: without it the key in the \
            export is believed, and whoever can write a whole new log could have made that too. With --checkpoint, a \
            checkpoint that you kept from earlier, the log must also be the same one, grown.

            Exit codes: 0 the log is whole; 1 it is not, or cannot be read.
            """
    )

    @Argument(help: "A file from `audit export`, - for standard input, or a server's address (https://…).")
    var log: String

    @Option(
        name: .customLong("vkey"),
        help: ArgumentHelp("The log's verifier key, name+id+key; can be repeated.", valueName: "key")
    )
    var keys: [String] = []

    @Option(
        help: ArgumentHelp("A file with a checkpoint of this log that was verified before.", valueName: "file"),
        completion: .file()
    )
    var checkpoint: String?

    @Option(
        help: ArgumentHelp(
            "For an address: the file with the last checkpoint (default: in $XDG_STATE_HOME/sparekey).",
            valueName: "file"
        ),
        completion: .file()
    )
    var state: String?

    @Option(
        help: ArgumentHelp(
            "For an address: a file whose first line is the API token; or SPAREKEY_TOKEN.",
            valueName: "file"
        )
    )
    var tokenFile: String?

    @Option(help: ArgumentHelp("For an address: PEM file with the certificates to believe it by.", valueName: "file"))
    var caFile: String?

    @Flag(help: "Print JSON.")
    var json = false

    /// What the command prints as JSON.
    private struct Answer: Encodable {
        var isIntact: Bool
        var origin: String
        var records: UInt64
        var redacted: UInt64
        var checkpoints: UInt64
        var root: String?
        var problems: [String]
        var warnings: [String]
    }

    /// What the log is checked against.
    private struct Expectation: Sendable {
        var keys: [VerifierKey]
        var kept: Checkpoint?
    }

    func run() async throws {
        let expectation = try self.expectation()
        if self.log.hasPrefix("https://") || self.log.hasPrefix("http://") {
            return try await self.followServer(expectation)
        }
        let verification = try self.verifyFile(expectation)
        try self.report(verification)
        if !verification.isIntact { throw ExitCode(1) }
    }

    private func expectation() throws -> Expectation {
        let keys = try self.keys.map { text in
            do { return try VerifierKey(text) } catch { throw Failure("--vkey \(text): \(error)") }
        }
        guard let path = self.checkpoint else { return Expectation(keys: keys) }
        guard !keys.isEmpty else { throw Failure("a checkpoint is checked with the log's key: give --vkey too") }
        do {
            let kept = try Checkpoint(verifying: SignedNote(parsing: SmallFile.read(path)), by: keys)
            return Expectation(keys: keys, kept: kept)
        } catch let error as NoteError {
            throw Failure("\(path) is not a checkpoint signed with that key: \(error)")
        }
    }

    private func verifyFile(_ expectation: Expectation) throws -> LogVerification {
        var verifier = LogVerifier(keys: expectation.keys, extending: expectation.kept)
        let descriptor = self.log == "-" ? STDIN_FILENO : open(self.log, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure("cannot open \(self.log): \(SmallFile.reason)") }
        defer { if self.log != "-" { close(descriptor) } }
        var progress = Progress("verified records")
        defer { progress.end() }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure("cannot read \(self.log): \(SmallFile.reason)") }
            if count == 0 { return verifier.finish() }
            verifier.read(Array(buffer[..<count]))
            progress.show(verifier.progress.read, of: verifier.progress.of)
        }
    }

    private func followServer(_ expectation: Expectation) async throws {
        let server = try ServerAddress(self.log)
        let state = try FollowedLog(server: server, path: self.state)
        let found = try state.read()
        let token = try self.token()
        try await AdminConnection.with(server, token: token, caFile: self.caFile) { connection in
            var warnings: [String] = []
            let key: VerifierKey
            if let given = expectation.keys.first ?? found?.key {
                key = given
            } else {
                key = try await ServedLog.claimedKey(connection)
                warnings.append(LogWarning.trustedOnFirstUse(keys: [key]).description)
            }
            let kept = expectation.kept ?? found?.checkpoint
            if kept == nil {
                warnings.append("this log was not verified before; the checkpoint is kept in \(state.path)")
            }
            if token == nil { warnings.append("without a token only hashes were looked at, no records") }
            let log = ServedLog(connection: connection, key: key)
            do {
                let result = try await log.follow(from: kept, records: token != nil)
                try state.write(key, result.note)
                try self.report(result, warnings)
            } catch let problem as LogFollowProblem {
                try self.report(problem.description, key, warnings)
            } catch let problem as NoteError {
                try self.report("the checkpoint cannot be believed: \(problem)", key, warnings)
            }
        }
    }

    private func token() throws(Failure) -> String? {
        let names = ["SPAREKEY_TOKEN_FILE", "SPAREKEY_TOKEN"]
        guard self.tokenFile != nil || names.contains(where: { Environment[$0] != nil }) else { return nil }
        guard case .remote(_, let token) = try AdminOptions.remote(self.log, tokenFile: self.tokenFile) else {
            return nil
        }
        return token
    }

    private func report(_ result: ServedLog.Result, _ warnings: [String]) throws {
        guard !self.json else {
            return try Console.print(
                json: Answer(
                    isIntact: true,
                    origin: result.head.origin,
                    records: result.hasRecords ? result.head.size - result.from : 0,
                    redacted: 0,
                    checkpoints: 1,
                    root: "\(result.head.root)",
                    problems: [],
                    warnings: warnings
                )
            )
        }
        for warning in warnings { Console.error("warning: \(warning)") }
        let since = result.from == 0 ? "" : ", the last \(result.head.size - result.from) since it was verified before"
        Console.print("intact: \(result.head.size) records of \(result.head.origin)\(since), root \(result.head.root)")
    }

    private func report(_ problem: String, _ key: VerifierKey, _ warnings: [String]) throws {
        if self.json {
            try Console.print(
                json: Answer(
                    isIntact: false,
                    origin: key.name,
                    records: 0,
                    redacted: 0,
                    checkpoints: 0,
                    root: nil,
                    problems: [problem],
                    warnings: warnings
                )
            )
        } else {
            for warning in warnings { Console.error("warning: \(warning)") }
            Console.print(problem)
            Console.print("NOT intact: 1 problem in the log of \(key.name)")
        }
        throw ExitCode(1)
    }

    private func report(_ result: LogVerification) throws {
        guard !self.json else {
            return try Console.print(
                json: Answer(
                    isIntact: result.isIntact,
                    origin: result.origin,
                    records: result.recordCount,
                    redacted: result.redactedCount,
                    checkpoints: result.checkpointCount,
                    root: result.head.map { "\($0.root)" },
                    problems: result.problems.map(\.description),
                    warnings: result.warnings.map(\.description)
                )
            )
        }
        for warning in result.warnings { Console.error("warning: \(warning)") }
        for problem in result.problems { Console.print("\(problem)") }
        if result.isIntact, let head = result.head {
            Console.print("intact: \(result.recordCount) records of \(result.origin), root \(head.root)")
        } else {
            Console.print("NOT intact: \(result.problems.count) problems in \(result.recordCount) records")
        }
    }
}
