import ArgumentParser
import AuditLog
import EscrowServer
import FoundationEssentials
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// `sparekey witness serve`, the default of `sparekey witness`.
struct WitnessServe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Runs the witness.")

    @Option(help: ArgumentHelp("The file with the witness's key.", valueName: "file"), completion: .file())
    var key: String

    @Option(
        name: .customLong("log"),
        help: ArgumentHelp("The verifier key of a log to watch over; can be repeated.", valueName: "key")
    )
    var logs: [String]

    @Option(help: ArgumentHelp("Where to keep what was cosigned; made when it is not there.", valueName: "dir"))
    var data: String

    @Option(help: ArgumentHelp("Where to listen (default: 127.0.0.1:8444).", valueName: "host:port"))
    var listen = "127.0.0.1:8444"

    @Option(help: ArgumentHelp("PEM file: the witness's certificate, then its chain.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("PEM file: the certificate's private key.", valueName: "file"))
    var tlsKey: String?

    @Flag(
        help: "Listen on the network without TLS. Nothing that goes over it is secret, but answers could be kept back."
    )
    var plainHttp = false

    func run() async throws {
        ProcessHardening.apply()
        let key = try self.signingKey()
        let book = try self.book(key)
        let settings = try self.settings()
        let logger = Logger(label: "sparekey") { StreamLogHandler.standardError(label: $0) }
        let application = WitnessApplication(book: book, settings: settings, logger: logger) { address in
            Console.error("witness \(key.cosignerKey)")
            Console.error("listening on \(address.url)")
        }
        try await ServiceGroup(
            services: [application],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        ).run()
    }

    private func signingKey() throws(Failure) -> SigningKey {
        guard try SmallFile.isPrivate(self.key) else {
            throw Failure("others may read \(self.key): chmod 600 it, and make another key if they might have")
        }
        guard let key = SigningKey(parsing: String(decoding: try SmallFile.line(self.key), as: UTF8.self)) else {
            throw Failure("\(self.key) is not a key that `sparekey witness key` made")
        }
        return key
    }

    private func book(_ key: SigningKey) throws(Failure) -> WitnessBook {
        var logs: [VerifierKey] = []
        for text in self.logs {
            do { logs.append(try VerifierKey(text)) } catch { throw Failure("--log \(text): \(error)", code: 64) }
        }
        guard !logs.isEmpty, logs.allSatisfy({ $0.algorithm == .ed25519 }) else {
            throw Failure("say which log to watch over: --log with the verifier key that its server prints", code: 64)
        }
        guard mkdir(self.data, 0o700) == 0 || errno == EEXIST else {
            throw Failure("cannot make \(self.data): \(SmallFile.reason)")
        }
        do {
            return try WitnessBook(directory: self.data, logs: logs, key: key) {
                UInt64(Date().timeIntervalSince1970)
            }
        } catch {
            throw Failure(error.description)
        }
    }

    private func settings() throws(Failure) -> ServerSettings {
        guard let address = ListenAddress(self.listen) else {
            throw Failure("--listen must be HOST:PORT, such as 127.0.0.1:8444", code: 64)
        }
        var settings = ServerSettings(host: address.host, port: address.port)
        switch (self.tlsCertificate, self.tlsKey) {
        case (let certificate?, let key?):
            settings.tls = ServerSettings.TLSFiles(certificateChain: certificate, privateKey: key)
        case (nil, nil):
            guard self.plainHttp || ListenAddress.isLoopback(address.host) else {
                throw Failure("give --tls-certificate and --tls-key, listen on 127.0.0.1, or say --plain-http")
            }
        default: throw Failure("a TLS certificate and its key go together: give both", code: 64)
        }
        return settings
    }
}
