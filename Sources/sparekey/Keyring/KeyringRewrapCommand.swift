import ArgumentParser
import EscrowAPI

/// `sparekey keyring rewrap`.
struct KeyringRewrapCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rewrap",
        abstract: "Seals all secrets anew, to the active version and the recovery keys. Nothing is decrypted.",
        discussion: """
            The server goes on serving, and rests as long as it works. When this is interrupted, by you or by a power cut, type \
            it again: it goes on where it was.
            """
    )

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let last: RewrapAnswer = try await AdminConnection.with(self.admin) { connection in
            var progress = Progress("sealing anew")
            defer { progress.end() }
            while true {
                let answer: RewrapAnswer = try await connection.post("/api/keyring/rewrap")
                progress.show(answer.rewrapped + answer.failed, of: answer.total)
                if answer.finishedAt != nil { return answer }
            }
        }
        guard last.failed == 0 else {
            throw Failure(
                "\(last.rewrapped) secrets are sealed anew; \(last.failed) do not open and were left as they are. The audit "
                    + "log names them (kind key.openFailed); compare them with a backup."
            )
        }
        Console.error(
            last.total == 0
                ? "Everything is sealed to the active version." : "\(last.rewrapped) secrets are sealed anew."
        )
    }
}
