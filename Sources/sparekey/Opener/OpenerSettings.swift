import EscrowOpener
import Glibc
import EscrowModel
import MasterKeyProviders

/// Who holds the private keys of a server, and how much is opened at most.
struct OpenerSettings: Equatable, Sendable {
    /// Who holds the keys.
    enum Place: String, Sendable {
        /// A process of its own, which this one starts.
        case process
        /// This process.
        case inProcess
    }

    /// Who holds the keys.
    var place = Place.process
    /// How many keys a caller may be disclosed within an hour.
    var callerCap = OpenerCap(OpeningCaps.Limits().perCaller)
    /// How many keys may be disclosed within an hour in total.
    var totalCap = OpenerCap(OpeningCaps.Limits().inTotal)

    /// The defaults.
    init() {}

    /// Reads the settings.
    init(_ reader: SettingReader) throws(Failure) {
        self.place = try reader.read(.opener, "process or inProcess") { Place(rawValue: $0) } ?? self.place
        let form = "a whole number, or never"
        self.callerCap = try reader.read(.openerCallerCap, form) { OpenerCap(argument: $0) } ?? self.callerCap
        self.totalCap = try reader.read(.openerTotalCap, form) { OpenerCap(argument: $0) } ?? self.totalCap
    }

    /// The opener of a data directory, not started yet.
    func client(
        directory: String,
        masterKey: MasterKeySource,
        notice: @escaping @Sendable (String) -> Void
    ) -> OpenerClient {
        OpenerClient(
            socket: UnixSocket(path: OpenerCommand.socket(directory)),
            arguments: [
                "opener", "--data", directory, "--parent", "\(getpid())", "--caller-cap", "\(self.callerCap)",
                "--total-cap", "\(self.totalCap)",
            ],
            masterKey: masterKey.reference,
            notice: notice
        )
    }
}
