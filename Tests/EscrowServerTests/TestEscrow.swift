import AuditLog
import BitLocker
import Crypto
import EscrowAPI
import EscrowCrypto
import EscrowModel
import EscrowServer
import EscrowService
import EscrowStore
import Foundation
import HTTPTypes
import Logging
import MessageSignatures
import Synchronization
import Testing

/// A whole escrow on a temporary store behind the server's routes, with a clock that tests turn and a log that they read.
final class TestEscrow: Sendable {
    let service: EscrowService
    let directory: URL
    let clock: TestClock
    let log = CapturedLog()
    private let store: Store

    init(_ change: (inout EscrowSettings) -> Void = { _ in }) async throws {
        self.directory = FileManager.default.temporaryDirectory.appending(path: "sparekey-server-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: true)
        var generator = SystemRandomNumberGenerator()
        let masterKey = try FileMasterKey.create(
            path: self.directory.appending(path: "master.key").path,
            using: &generator
        )
        let start = Timestamp(seconds: 1_800_000_000)
        let keyring = try await Keyring.create(under: masterKey, at: start)
        // The store's clock does not turn: entries' times are not what these tests are about.
        self.store = try Store.open(path: self.directory.appending(path: "sparekey.db").path, clock: { start })
        let signingKey = try SigningKey(name: "example.com/audit", seed: keyring.auditLogSeed)
        try await self.store.startLog(signingKey: signingKey)
        var settings = EscrowSettings()
        change(&settings)
        let clock = TestClock(start)
        self.clock = clock
        self.service = EscrowService(
            store: self.store,
            keys: try EscrowKeys(keyring),
            logKey: signingKey.verifierKey,
            settings: settings,
            clock: { clock.now }
        )
    }

    deinit { try? FileManager.default.removeItem(at: self.directory) }

    /// The routes as a peer on the network reaches them.
    var network: TestClientOfRoutes { TestClientOfRoutes(self, .network(address: "192.0.2.7")) }

    /// The routes as somebody on the console reaches them.
    var console: TestClientOfRoutes { TestClientOfRoutes(self, .console(operatorName: "root")) }

    /// A new API token.
    func token(_ role: Role, groups: [String]? = nil) async throws -> String {
        let answer = try await self.console.send(
            .post,
            "/api/tokens",
            CreateTokenRequest(name: "\(role) of a test", role: role, groups: groups)
        )
        #expect(answer.status == .created)
        return try answer.decode(NewTokenAnswer.self).token
    }

    /// A new enrolment token.
    func enrolmentToken(group: String = "berlin") async throws -> String {
        let answer = try await self.console.send(
            .post,
            "/api/enrolment-tokens",
            CreateEnrolmentTokenRequest(name: "test", group: group)
        )
        #expect(answer.status == .created)
        return try answer.decode(NewTokenAnswer.self).token
    }
}

/// What time it is, for tests.
final class TestClock: Sendable {
    private let value: Mutex<Timestamp>
    init(_ start: Timestamp) { self.value = Mutex(start) }
    var now: Timestamp { self.value.withLock { $0 } }
    func advance(by span: TimeSpan) { self.value.withLock { $0 = $0 + span } }
}

/// Calls the routes within the process.
struct TestClientOfRoutes: Sendable {
    let escrow: TestEscrow
    private let responder: LocalResponder

    init(_ escrow: TestEscrow, _ peer: Peer, settings: ServerSettings = ServerSettings()) {
        self.escrow = escrow
        let clock = escrow.clock
        self.responder = LocalResponder(
            service: escrow.service,
            settings: settings,
            peer: peer,
            clock: { clock.now },
            logger: escrow.log.logger
        )
    }

    func send(
        _ method: HTTPRequest.Method,
        _ target: String,
        token: String? = nil,
        headers: HTTPFields = [:],
        body: [UInt8] = []
    ) async throws -> TestAnswer {
        var headers = headers
        if let token { headers[.authorization] = "Bearer \(token)" }
        let answer = try await self.responder.respond(method, target, headers: headers, body: body)
        return TestAnswer(status: answer.status, headers: answer.headers, body: try await answer.body())
    }

    func send(
        _ method: HTTPRequest.Method,
        _ target: String,
        token: String? = nil,
        headers: HTTPFields = [:],
        _ body: some Encodable
    ) async throws -> TestAnswer {
        let body = Array(try JSONEncoder().encode(body))
        return try await self.send(method, target, token: token, headers: headers, body: body)
    }

    func send(
        _ method: HTTPRequest.Method,
        _ target: String,
        token: String? = nil,
        headers: HTTPFields = [:],
        json: String
    ) async throws -> TestAnswer {
        try await self.send(method, target, token: token, headers: headers, body: Array(json.utf8))
    }
}

/// An answer, as tests look at it.
struct TestAnswer: Sendable {
    let status: HTTPResponse.Status
    let headers: HTTPFields
    let body: [UInt8]

    var text: String { String(decoding: self.body, as: UTF8.self) }

    func decode<Document: Decodable>(_ type: Document.Type) throws -> Document {
        try JSONDecoder().decode(type, from: Data(self.body))
    }

    /// The problem document, which says the same status and request ID as the answer around it.
    func problem() throws -> ProblemDocument {
        #expect(self.headers[.contentType] == "application/problem+json")
        let problem = try self.decode(ProblemDocument.self)
        #expect(problem.status == self.status.code)
        #expect(problem.requestId == self.headers[.requestID])
        return problem
    }
}

/// All that was logged.
final class CapturedLog: Sendable {
    private let captured = Mutex<[String]>([])

    var lines: [String] { self.captured.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(log: self) }
        logger.logLevel = .trace
        return logger
    }

    fileprivate func add(_ line: String) { self.captured.withLock { $0.append(line) } }

    private struct Handler: LogHandler {
        let log: CapturedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        init(log: CapturedLog) { self.log = log }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = self.metadata.merging(event.metadata ?? [:]) { _, new in new }
            self.log.add("\(event.level) \(event.message) \(metadata)")
        }
    }
}
