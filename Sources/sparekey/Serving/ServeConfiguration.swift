import AuditLog
import Configuration
import EscrowCrypto
import EscrowModel
import EscrowServer
import EscrowService
import Logging
import LogWitness
import SignIn

/// How the server is to work, read from flags, the environment and a file, in this order of precedence.
struct ServeConfiguration: Sendable {
    /// The data directory.
    var directory: String
    /// What the server does.
    var role: ServerRole
    /// The file that a server has which only takes deposits.
    var ingestFile: String
    /// The algorithms of a new installation's keyring.
    var keyringSuite: SealSuite
    /// How the server listens.
    var server: ServerSettings
    /// Where the master key is.
    var masterKey: MasterKeySource
    /// Who holds the private keys.
    var opener: OpenerSettings
    /// From which level on lines are logged.
    var logLevel: Logger.Level
    /// The name of the audit log; nil for the one it has.
    var auditOrigin: String?
    /// The file outside the database that bears witness of the audit log.
    var auditAnchor: String
    /// The witnesses of the audit log.
    var witnesses: [WitnessAddress]
    /// The file with device groups and disclosure rules.
    var policyFile: String?
    /// Who gets the audit log.
    var auditSinks: [SinkSettings]
    /// The identity provider that people sign in with.
    var openID: OpenIDConfiguration?
    /// How often deadlines are enforced and keys purged.
    var maintenanceInterval: TimeSpan
    /// How long things may take and are kept.
    var escrow: EscrowSettings

    /// Reads the configuration. Throws a `Failure` that names the setting that cannot be used.
    ///
    /// - Parameters:
    ///   - flags: what the command line says.
    ///   - environment: the process's environment.
    ///   - file: the configuration file, if there is one.
    init(flags: [Setting: String], environment: [String: String], file: ConfigurationFile?) throws(Failure) {
        let reader = SettingReader(flags: flags, environment: environment, file: file)
        guard let directory = reader.text(.data) else {
            throw Failure("say where the data are: --data DIR", code: 64)
        }
        self.directory = directory
        let roles = ServerRole.allCases.map(\.rawValue).joined(separator: " or ")
        self.role = try reader.read(.role, roles) { ServerRole(rawValue: $0) } ?? .full
        self.ingestFile = reader.text(.ingestFile) ?? directory + "/ingest.json"
        self.keyringSuite =
            try reader.read(.keyringSuite, "p256 or xWing") { text in
                SealSuite.allCases.first { "\($0)" == text || $0.name == text }
            } ?? .p256
        let address = try reader.read(.listen, "HOST:PORT, such as 127.0.0.1:8443") { ListenAddress($0) }
        var server = ServerSettings(host: address?.host ?? "127.0.0.1", port: address?.port ?? 8443)
        switch (reader.text(.tlsCertificate), reader.text(.tlsKey)) {
        case (let certificate?, let key?):
            server.tls = ServerSettings.TLSFiles(certificateChain: certificate, privateKey: key)
        case (nil, nil):
            let isPlainAllowed = try reader.flag(.plainHTTP) ?? false
            guard isPlainAllowed || ListenAddress.isLoopback(server.host) else {
                throw Failure(
                    "without TLS, secrets would go over the network in the clear: give --tls-certificate and --tls-key, "
                        + "listen on 127.0.0.1, or say --plain-http when a proxy on a network that you trust ends TLS"
                )
            }
        case (.some, nil), (nil, .some): throw Failure("a TLS certificate and its key go together: give both")
        }
        if let proxies = reader.text(.trustedProxies) {
            for text in proxies.split(separator: ",") {
                do throws(IPNetwork.Problem) {
                    server.trustedProxies.append(try IPNetwork(text.drop { $0 == " " }))
                } catch {
                    throw Failure("\(Setting.trustedProxies.rawValue): \(text) \(error)")
                }
            }
        }
        self.policyFile = reader.text(.policyFile)
        server.adminSocket = directory + "/admin.sock"
        let publicURL = try reader.read(.publicURL, "the server's address, such as https://keys.example.com") { text in
            (text.hasPrefix("https://") || text.hasPrefix("http://")) && !text.hasSuffix("/") ? text : nil
        }
        server.areCookiesSecure =
            publicURL.map { $0.hasPrefix("https://") } ?? (server.tls != nil || !ListenAddress.isLoopback(server.host))
        self.server = server
        self.masterKey = try MasterKeySource(flags: flags, reader, directory: directory)
        self.opener = try OpenerSettings(reader)
        let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        self.logLevel = try reader.read(.logLevel, "one of \(levels)") { Logger.Level(rawValue: $0) } ?? .info
        self.auditOrigin = reader.text(.auditOrigin)
        self.auditAnchor = reader.text(.auditAnchor) ?? directory + "/checkpoint"
        self.witnesses = try Self.witnesses(reader.text(.witnesses))
        self.auditSinks = file?.sinks ?? []
        self.maintenanceInterval = try reader.span(.maintenanceInterval) ?? .seconds(10)
        self.escrow = try EscrowSettings(reader)
        self.openID = try OpenIDConfiguration(reader, roles: file?.roles ?? [], publicURL: publicURL)
        self.escrow.isOpenerSeparate = self.opener.place == .process
        self.escrow.signIn.publicURL = publicURL
        self.escrow.signIn.issuer = self.openID?.settings.issuer
        self.escrow.signIn.idle = try reader.span(.sessionIdle) ?? self.escrow.signIn.idle
        self.escrow.signIn.lifetime = try reader.span(.sessionLifetime) ?? self.escrow.signIn.lifetime
        self.escrow.witnessPolicy = try WitnessPolicy(reader, count: self.witnesses.count)
    }

    private static func witnesses(_ text: String?) throws(Failure) -> [WitnessAddress] {
        var witnesses: [WitnessAddress] = []
        for part in (text ?? "").split(separator: ",") {
            let words = part.split(separator: " ")
            guard words.count == 2 else {
                throw Failure(
                    "audit.witnesses must be addresses, each with a space and its verifier key, with commas between"
                )
            }
            let key: VerifierKey
            do { key = try VerifierKey(String(words[1])) } catch { throw Failure("audit.witnesses: \(error)") }
            guard key.algorithm == .cosignatureV1 else {
                throw Failure(
                    "audit.witnesses: the key of \(key.name) is a log's, not a witness's; `sparekey witness` prints it"
                )
            }
            guard !witnesses.contains(where: { $0.key.name == key.name }) else {
                throw Failure("audit.witnesses: \(key.name) is there twice")
            }
            witnesses.append(WitnessAddress(url: try ServerAddress(String(words[0]), path: true).text, key: key))
        }
        return witnesses
    }

    /// What flags, the environment and the file that `SPAREKEY_CONFIG` names say of a data directory.
    static func ofEnvironment(
        directory: String,
        flags: [Setting: String] = [:]
    ) throws(Failure) -> ServeConfiguration {
        try ServeConfiguration(
            flags: flags.merging([.data: directory]) { _, directory in directory },
            environment: Environment.all,
            file: try Environment["SPAREKEY_CONFIG"].map { (path) throws(Failure) in try ConfigurationFile(path: path) }
        )
    }
}

extension EscrowSettings {
    fileprivate init(_ reader: SettingReader) throws(Failure) {
        self.init()
        self.isProofRequired = try reader.flag(.requireProof) ?? self.isProofRequired
        self.depositPatience = try reader.span(.depositPatience) ?? self.depositPatience
        if let delay = try reader.spanOrNever(.rotationDelayAfterDisclosure) {
            self.rotationDelayAfterDisclosure = delay.span
        }
        if let delay = try reader.spanOrNever(.rotationDelayAfterRecovery) {
            self.rotationDelayAfterRecovery = delay.span
        }
        if let age = try reader.spanOrNever(.rotationAge) { self.rotationAge = age.span }
        self.rotationDeliveryPatience = try reader.span(.rotationDeliveryPatience) ?? self.rotationDeliveryPatience
        self.rotationStepPatience = try reader.span(.rotationStepPatience) ?? self.rotationStepPatience
        self.rotationRetryDelay = try reader.span(.rotationRetryDelay) ?? self.rotationRetryDelay
        if let retention = try reader.spanOrNever(.retiredRetention) { self.retiredRetention = retention.span }
        self.supersededRetention = try reader.span(.supersededRetention) ?? self.supersededRetention
        self.checkInInterval = try reader.span(.checkInInterval) ?? self.checkInInterval
        self.keyringCheckInterval = try reader.span(.keyringCheckInterval) ?? self.keyringCheckInterval
        self.proofConcurrency = try reader.count(.proofConcurrency) ?? self.proofConcurrency
        self.proofBacklog = try reader.count(.proofBacklog) ?? self.proofBacklog
    }
}

extension WitnessPolicy {
    fileprivate init(_ reader: SettingReader, count: Int) throws(Failure) {
        self.init()
        self.required = try reader.count(.witnessesRequired) ?? self.required
        let modes = Mode.allCases.map(\.rawValue).joined(separator: " or ")
        self.mode = try reader.read(.witnessMode, modes) { Mode(rawValue: $0) } ?? self.mode
        self.maximumAge = try reader.span(.witnessMaximumAge) ?? self.maximumAge
        guard count > 0 || self.mode == .warn else {
            throw Failure("witnesses are required and none is named: give --witness, or leave --witness-mode out")
        }
        guard self.required <= max(count, 1) else {
            throw Failure("\(self.required) witnesses are required and \(count) are named: give more, or require fewer")
        }
    }
}
