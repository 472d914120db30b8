import ArgumentParser
import EscrowCrypto
import EscrowOpener
import Glibc
import EscrowModel
import MasterKeyProviders

/// `sparekey opener`.
struct OpenerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "opener",
        abstract: "Holds the private keys for a server: `sparekey serve` starts it.",
        discussion: """
            Opens a secret only when it is shown the entry of its disclosure under a signed checkpoint of the audit log, and \
            ends with the server. docs/threat-model.md says what that is good for.
            """,
        shouldDisplay: false
    )

    @Option(help: ArgumentHelp("The data directory.", valueName: "dir"))
    var data: String

    @Option(help: ArgumentHelp("The process that may connect, which must be the parent.", valueName: "pid"))
    var parent: Int32

    @Option(help: ArgumentHelp("How many keys a caller may be disclosed in an hour, or never.", valueName: "count"))
    var callerCap: OpenerCap

    @Option(help: ArgumentHelp("How many keys may be disclosed in an hour in total, or never.", valueName: "count"))
    var totalCap: OpenerCap

    func run() throws {
        ProcessHardening.apply()
        guard ProcessHardening.endWithParent(self.parent) else { throw Failure("the server has ended") }
        // The server has things to finish when it is told to end, keys to disclose among them; this ends with it.
        signal(SIGINT, SIG_IGN)
        signal(SIGTERM, SIG_IGN)
        if let problem = ProcessHardening.lockMemory() { Console.error("sparekey opener: warning: \(problem)") }
        let state = OpenerStateFile(path: Self.state(self.data)) { Console.error("sparekey opener: warning: \($0)") }
        let surroundings = OpenerSession.Surroundings(
            caps: OpeningCaps.Limits(perCaller: self.callerCap.count, inTotal: self.totalCap.count),
            state: state,
            resolver: MasterKeySource.resolver(credentials: Environment["CREDENTIALS_DIRECTORY"]),
            clock: Installation.clock
        )
        let (parent, user) = (self.parent, geteuid())
        let listener = try OpenerListener(UnixSocket(path: Self.socket(self.data))) { $0 == parent && $1 == user }
        listener.run { socket in
            OpenerConnection(socket, session: OpenerSession(surroundings)).run()
            state.flush()
            Glibc.exit(0)
        }
        throw Failure("the opener's socket can no longer be listened on")
    }

    /// Where the opener of a data directory listens.
    static func socket(_ directory: String) -> String { directory + "/opener.sock" }

    /// Where it keeps how far it has seen the audit log.
    static func state(_ directory: String) -> String { directory + "/opener.checkpoint" }
}

/// A number of keys, or no limit.
struct OpenerCap: Equatable, Sendable, ExpressibleByArgument, CustomStringConvertible {
    /// How many; nil for no limit.
    let count: Int?

    /// Reads a whole number from 1 to 1,000,000,000, or `never`.
    init?(argument: String) {
        if argument == "never" {
            self.count = nil
        } else if let count = Int(argument), (1...1_000_000_000).contains(count) {
            self.count = count
        } else {
            return nil
        }
    }

    /// Takes a number; nil for no limit.
    init(_ count: Int?) { self.count = count }

    /// As it is read.
    var description: String { self.count.map(String.init) ?? "never" }
}
