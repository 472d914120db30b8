import ArgumentParser
import Glibc

/// The command line: builds the parts, nothing else.
@main
struct Sparekey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sparekey",
        abstract: "Keeps BitLocker recovery keys in escrow: proven, audited, rotated.",
        discussion: """
            Begin with `sparekey serve --data DIR`, then make a token with `sparekey token create --data DIR --role \
            administrator`.

            Exit codes: 0 done; 1 it could not be done, was refused, or the answer is no; 64 the command line is wrong. \
            `volume prove` has its own: see its help.
            """,
        version: Version.text,
        subcommands: [
            Serve.self, KeyCommand.self, Rotate.self, RotationCommand.self, DeviceCommand.self,
            ApprovalCommand.self, PolicyCommand.self, AuditCommand.self, WitnessCommand.self,
            TokenCommand.self, EnrolmentTokenCommand.self,
            KeyringCommand.self, RecoveryKeyCommand.self, Recover.self, DoctorCommand.self,
            BreakGlassCommand.self, CompromiseCommand.self, AccountCommand.self,
            VolumeCommand.self, Simulate.self, Bench.self, OpenerCommand.self,
        ]
    )

    static func main() async {
        // A reader that goes away, such as `head`, must not end the process in the middle of its work.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Self.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            Console.error("sparekey: \(failure.message)")
            Glibc.exit(failure.code)
        } catch {
            // `volume prove` promises 2 for bad input, and 1 for a secret that does not open the volume only.
            if Self.exitCode(for: error) == .validationFailure,
                CommandLine.arguments.dropFirst().starts(with: ["volume", "prove"])
            {
                Console.error(Self.fullMessage(for: error))
                Glibc.exit(VolumeProve.undecided)
            }
            if Self.exitCode(for: error) == .failure, !(error is ExitCode) {
                Console.error("sparekey: \(error)")
                Glibc.exit(1)
            }
            Self.exit(withError: error)
        }
    }
}
