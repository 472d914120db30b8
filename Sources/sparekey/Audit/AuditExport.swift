import ArgumentParser
import Glibc

/// `sparekey audit export`.
struct AuditExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes the whole audit log, with its signed checkpoints, as JSON Lines.",
        discussion: """
            Whoever has the file can verify it without a server: `sparekey audit verify FILE`, or their own program from \
            docs/audit-log-format.md. That it was exported is recorded. Needs the whole fleet in scope.
            """
    )

    @OptionGroup var admin: AdminOptions

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("The file to write, which must not exist (default: standard output).", valueName: "file"),
        completion: .file()
    )
    var output: String?

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
        try await AdminConnection.with(admin) { connection in
            try await connection.stream("\(APIPath.keys)/audit/export") { try write($0) }
        }
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
