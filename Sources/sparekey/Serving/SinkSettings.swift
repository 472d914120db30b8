import AsyncHTTPClient
import AuditDelivery
import AuditFormats
import EscrowModel
import FoundationEssentials
import Glibc
import NIOSSL

/// A sink of the audit log, as the configuration file has it under `audit.sinks`. It can be given nowhere else.
struct SinkSettings: Sendable {
    /// How a sink is spoken to.
    enum Kind: String, CaseIterable, Decodable {
        case syslog
        case webhook
    }

    /// Its name.
    let name: String
    private let type: Kind
    private let format: AuditFormat
    private let selection: EventSelection
    private let fromBeginning: Bool
    private let host: String
    private let port: Int
    private let url: String
    private let secretFile: String
    private let caFile: String?
    private let certificate: String?
    private let key: String?
    private let isPlain: Bool
    private let batch: Int

    /// Reads the member `audit.sinks` of a configuration file, which may lack.
    static func read(_ bytes: [UInt8], path: String) throws(Failure) -> [SinkSettings] {
        struct File: Decodable {
            struct Audit: Decodable { let sinks: [Written]? }
            let audit: Audit?
        }
        let written: [Written]
        do { written = try JSONDecoder().decode(File.self, from: Data(bytes)).audit?.sinks ?? [] } catch {
            throw Failure("\(path): audit.sinks: \(Self.text(of: error))")
        }
        var sinks: [SinkSettings] = []
        for (number, item) in written.enumerated() {
            let place = "\(path): audit.sinks, \(item.name.map { "\"\($0)\"" } ?? "number \(number + 1)")"
            let sink = try SinkSettings(item, place)
            guard !sinks.contains(where: { $0.name == sink.name }) else {
                throw Failure("\(place): the name is there twice")
            }
            sinks.append(sink)
        }
        return sinks
    }

    private init(_ written: Written, _ place: String) throws(Failure) {
        guard let name = written.name, (1...64).contains(name.utf8.count),
            name.utf8.allSatisfy({ (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x2D })
        else { throw Failure("\(place): name must be 1 to 64 letters, digits and hyphens") }
        guard let type = written.type else {
            throw Failure("\(place): type must be syslog or webhook")
        }
        self.name = name
        self.type = type
        self.fromBeginning = written.from == .beginning
        self.caFile = written.caFile
        self.certificate = written.certificate
        self.key = written.key
        guard (written.certificate == nil) == (written.key == nil) else {
            throw Failure("\(place): certificate and key go together: give both")
        }
        self.batch = written.batch ?? 100
        guard (1...1000).contains(self.batch) else { throw Failure("\(place): batch must be 1 to 1000") }
        var severity = EventSeverity.informational
        if let word = written.severity {
            guard let found = EventSeverity(word: word) else {
                let words = EventSeverity.allCases.map(\.word).joined(separator: ", ")
                throw Failure("\(place): severity must be one of \(words)")
            }
            severity = found
        }
        do { self.selection = try EventSelection(patterns: written.kinds, severity: severity) } catch {
            throw Failure("\(place): kinds: \(error)")
        }
        self.format = written.format ?? (type == .syslog ? .cef : .jsonl)
        switch type {
        case .syslog:
            guard written.url == nil, written.secretFile == nil, written.batch == nil else {
                throw Failure("\(place): url, secretFile and batch are a webhook's; a syslog server has an address")
            }
            guard self.format != .csv, let address = written.address.flatMap({ ListenAddress($0) }), address.port > 0
            else {
                throw Failure("\(place): needs an address, HOST:PORT, and the format cef, ocsf or jsonl")
            }
            (self.host, self.port, self.url, self.secretFile) = (address.host, address.port, "", "")
            self.isPlain = written.plain ?? false
            guard !self.isPlain || ListenAddress.isLoopback(address.host) else {
                throw Failure("\(place): plain is for this machine only (127.0.0.1); elsewhere syslog goes over TLS")
            }
        case .webhook:
            guard written.address == nil, written.plain == nil else {
                throw Failure("\(place): address and plain are a syslog server's; a webhook has a url")
            }
            guard self.format.isJSON, let url = written.url, let secretFile = written.secretFile else {
                throw Failure("\(place): needs a url, a secretFile, and the format jsonl or ocsf")
            }
            guard url.hasPrefix("https://") || Self.isLoopback(url) else {
                throw Failure("\(place): url must begin with https:// (http:// is for this machine only)")
            }
            (self.host, self.port, self.url, self.secretFile, self.isPlain) = ("", 0, url, secretFile, false)
        }
    }

    /// The sink, with its files read. Throws what is wrong with them.
    func sink(clock: @escaping @Sendable () -> Timestamp) throws -> DeliverySink {
        let route: DeliverySink.Route
        let target: String
        switch self.type {
        case .syslog:
            target = "syslog \(self.host):\(self.port) \(self.format.rawValue)"
            let tls = self.isPlain ? nil : try NIOSSLContext(configuration: self.tls())
            route = .syslog(SyslogDestination(host: self.host, port: self.port, hostname: Self.hostname, tls: tls))
        case .webhook:
            target = "webhook \(self.url) \(self.format.rawValue)"
            let secret: WebhookSecret
            do { secret = try WebhookSecret(try SmallFile.line(Self.file(self.secretFile))) } catch {
                throw Failure("audit sink \(self.name): the secret in \(self.secretFile) cannot be used: \(error)")
            }
            var configuration = HTTPClient.Configuration()
            configuration.tlsConfiguration = try self.tls()
            route = .webhook(
                WebhookDestination(
                    url: self.url,
                    sink: self.name,
                    secret: secret,
                    configuration: configuration,
                    batchLimit: self.batch,
                    clock: clock
                )
            )
        }
        return DeliverySink(
            name: self.name,
            target: target,
            format: self.format,
            selection: self.selection,
            fromBeginning: self.fromBeginning,
            route: route
        )
    }

    private func tls() throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        do {
            if let caFile { tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(caFile)) }
            if let certificate, let key {
                tls.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: Self.file(key), format: .pem))
            }
        } catch {
            throw Failure("audit sink \(self.name): its caFile, certificate or key cannot be read: \(error)")
        }
        return tls
    }

    /// A file by its path; a name without a slash is looked for among systemd's credentials first.
    private static func file(_ path: String) -> String {
        guard !path.contains("/"), let folder = Environment["CREDENTIALS_DIRECTORY"] else { return path }
        let credential = folder + "/" + path
        return access(credential, F_OK) == 0 ? credential : path
    }

    private static func isLoopback(_ url: String) -> Bool {
        guard url.hasPrefix("http://") else { return false }
        let authority = url.dropFirst("http://".count).prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else { return false }
        let host =
            authority.hasPrefix("[") ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        return ListenAddress.isLoopback(String(host))
    }

    private static var hostname: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "-" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func text(of error: any Error) -> String {
        switch error as? DecodingError {
        case .dataCorrupted(let context)?, .typeMismatch(_, let context)?, .valueNotFound(_, let context)?,
            .keyNotFound(_, let context)?:
            (context.codingPath.last.map { "\($0.stringValue): " } ?? "") + context.debugDescription
        default: "it cannot be read"
        }
    }
}
