import ArgumentParser
import BitLocker
import EscrowModel
import Glibc

/// `sparekey audit export`.
struct AuditExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes the whole audit log so that anybody can verify it, or its entries for people's tools.",
        discussion: """
            Without --format it is the log itself with its signed checkpoints, as JSON Lines: whoever has the file can \
            verify it without a server, with `sparekey audit verify FILE` or their own program from \
            docs/audit-log-format.md.

            With --format jsonl, csv, cef or ocsf it is the entries, the oldest first, or those of them that the other \
            options choose; docs/siem.md says what each form has.

            That it was exported is recorded. Needs the whole fleet in scope.
            """
    )

    @OptionGroup var admin: AdminOptions

    @Option(help: "The form: log, jsonl, csv, cef or ocsf.")
    var format = AuditExportFormat.log

    @OptionGroup(title: "Which entries; not with --format log")
    var choice: AuditExportChoice

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("The file to write, which must not exist (default: standard output).", valueName: "file"),
        completion: .file()
    )
    var output: String?

    func validate() throws {
        guard self.format != .log || self.choice.isEverything else {
            throw ValidationError(
                "A part of the log could not be verified: choose entries with --format jsonl, csv, cef or ocsf."
            )
        }
    }

    func run() async throws {
        guard let path = self.output else {
            return try await self.export { Console.print(bytes: $0) }
        }
        let file = try OutputFile(path)
        do {
            try await self.export { try file.write($0) }
            try file.finish()
        } catch {
            file.discard()
            throw error
        }
    }

    private func export(_ write: @escaping @Sendable ([UInt8]) throws -> Void) async throws {
        let admin = self.admin
        let (format, choice) = (self.format, self.choice)
        try await AdminConnection.with(admin) { connection in
            var query = try await choice.query(connection)
            query.add("format", format.rawValue)
            try await connection.stream(query.target("\(APIPath.keys)/audit/export")) { try write($0) }
        }
    }
}

/// Which entries of the log are exported.
struct AuditExportChoice: ParsableArguments {
    @Option(help: ArgumentHelp("Who did it: a token's name, or a principal such as device:ID.", valueName: "who"))
    var caller: String?

    @Option(help: ArgumentHelp("The device it is about: its ID or its exact name.", valueName: "device"))
    var device: String?

    @Option(help: ArgumentHelp("What happened, such as key.disclosed.", valueName: "kind"))
    var kind: AuditEvent.Kind?

    @Option(help: "How it ended: success, denied or failure.")
    var outcome: AuditEvent.Outcome?

    @Option(help: ArgumentHelp("At this time or later, such as 2026-11-24T13:10:00Z.", valueName: "time"))
    var since: Timestamp?

    @Option(
        name: [.customLong("until"), .customLong("before")],
        help: ArgumentHelp("Before this time.", valueName: "time")
    )
    var until: Timestamp?

    /// Whether no entry is left out.
    var isEverything: Bool {
        self.caller == nil && self.device == nil && self.kind == nil && self.outcome == nil && self.since == nil
            && self.until == nil
    }

    /// The same as the API has it.
    func query(_ connection: AdminConnection) async throws -> Query {
        var query = Query()
        query.add("caller", self.caller)
        if let device = self.device { query.add("device", try await connection.device(device).description) }
        query.add("kind", self.kind?.rawValue)
        query.add("outcome", self.outcome?.rawValue)
        query.add("since", self.since?.description)
        query.add("before", self.until?.description)
        return query
    }
}

/// A new file that is there wholly or not at all.
private struct OutputFile: Sendable {
    private let path: String
    private let descriptor: Int32

    init(_ path: String) throws(Failure) {
        self.path = path
        self.descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard self.descriptor >= 0 else { throw Failure("cannot make \(path): \(SmallFile.reason)") }
    }

    func write(_ bytes: [UInt8]) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(self.descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure("cannot write \(self.path): \(SmallFile.reason)") }
            done += count
        }
    }

    func finish() throws(Failure) {
        guard fsync(self.descriptor) == 0, close(self.descriptor) == 0 else {
            throw Failure("cannot write \(self.path): \(SmallFile.reason)")
        }
    }

    func discard() {
        close(self.descriptor)
        unlink(self.path)
    }
}
