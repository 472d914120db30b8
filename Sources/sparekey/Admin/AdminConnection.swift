import AsyncHTTPClient
import EscrowAPI
import EscrowServer
import FoundationEssentials
import HTTPTypes
import NIOCore
import NIOHTTP1

/// A way to the API: one set of requests, whether the server is far away, runs on this machine, or does not run at all.
struct AdminConnection: Sendable {
    private enum Transport: Sendable {
        /// Over the network, or over the socket in the data directory, where no token is needed.
        case http(HTTPClient, base: String, token: String?)
        /// In this process, on the data directory itself.
        case local(LocalResponder)
    }

    private let transport: Transport

    private static let timeout = TimeAmount.seconds(60)
    /// The most that is read of an answer that is not streamed.
    private static let largestAnswer = 16 << 20

    /// Opens the way that the options name, for as long as `body` runs.
    static func with<Value: Sendable>(
        _ options: AdminOptions,
        _ body: (AdminConnection) async throws -> Value
    ) async throws -> Value {
        try await Self.with(options.target(), options, body)
    }

    /// Opens the way for a request that brings a credential of its own: no token is needed, and none is sent.
    static func withoutToken<Value: Sendable>(
        _ options: AdminOptions,
        _ body: (AdminConnection) async throws -> Value
    ) async throws -> Value {
        let isLocal = options.data != nil || options.server == nil && Environment["SPAREKEY_DATA"] != nil
        if !isLocal, let server = options.server ?? Environment["SPAREKEY_SERVER"] {
            let address = try ServerAddress(server)
            return try await Outbound.withClient(caFile: options.caFile) { client in
                try await body(AdminConnection(transport: .http(client, base: address.text, token: nil)))
            }
        }
        return try await Self.with(options.target(), options, body)
    }

    private static func with<Value: Sendable>(
        _ target: AdminOptions.Target,
        _ options: AdminOptions,
        _ body: (AdminConnection) async throws -> Value
    ) async throws -> Value {
        switch target {
        case .remote(let server, let token):
            return try await Self.with(server, token: token, caFile: options.caFile, body)
        case .local(let directory):
            let socket = directory + "/admin.sock"
            let base = "http+unix://" + PercentEncoding.encode(socket)
            if try await Outbound.withClient(caFile: nil, { await Self.isAnswered(base, by: $0) }) {
                return try await Outbound.withClient(caFile: nil) { client in
                    try await body(AdminConnection(transport: .http(client, base: base, token: nil)))
                }
            }
            return try await Installation.with(directory: directory, masterKey: options.masterKey.source(directory)) {
                try await body(AdminConnection(transport: .local($0.responder())))
            }
        }
    }

    /// Opens the way to a server at an address, for as long as `body` runs; without a token, to what is open to everybody.
    static func with<Value: Sendable>(
        _ server: ServerAddress,
        token: String?,
        caFile: String?,
        _ body: (AdminConnection) async throws -> Value
    ) async throws -> Value {
        try await Outbound.withClient(caFile: caFile) { client in
            try await body(AdminConnection(transport: .http(client, base: server.text, token: token)))
        }
    }

    // MARK: Requests

    /// Gets a document.
    func get<Answer: Decodable>(_ target: String) async throws -> Answer {
        try self.decode(await self.send(.get, target, body: []))
    }

    /// Posts a document and gets one.
    func post<Answer: Decodable>(_ target: String, _ request: some Encodable) async throws -> Answer {
        try self.decode(await self.send(.post, target, body: Array(try JSONEncoder().encode(request))))
    }

    /// Posts nothing, where the path says it all, and gets a document.
    func post<Answer: Decodable>(_ target: String) async throws -> Answer {
        try self.decode(await self.send(.post, target, body: []))
    }

    /// Puts a document in its place and gets what it belongs to.
    func put<Answer: Decodable>(_ target: String, _ request: some Encodable) async throws -> Answer {
        try self.decode(await self.send(.put, target, body: Array(try JSONEncoder().encode(request))))
    }

    /// Deletes something and gets what it was.
    func delete<Answer: Decodable>(_ target: String) async throws -> Answer {
        try self.decode(await self.send(.delete, target, body: []))
    }

    /// Gets a document's bytes.
    func bytes(_ target: String) async throws -> [UInt8] { try await self.send(.get, target, body: []) }

    /// Gets a document piece by piece, however long it is.
    func stream(_ target: String, _ body: @escaping @Sendable ([UInt8]) async throws -> Void) async throws {
        switch self.transport {
        case .http(let client, let base, let token):
            let response = try await Self.execute(client, base, token, .get, target, [], timeout: .hours(24))
            guard response.status == .ok else {
                let bytes = try await response.body.collect(upTo: Self.largestAnswer)
                throw Self.failure(status: Int(response.status.code), Array(bytes.readableBytesView))
            }
            for try await chunk in response.body { try await body(Array(chunk.readableBytesView)) }
        case .local(let responder):
            let answer = try await responder.respond(.get, target)
            guard answer.status == .ok else { throw Self.failure(status: answer.status.code, try await answer.body()) }
            try await answer.forEachChunk(body)
        }
    }

    private func send(_ method: HTTPRequest.Method, _ target: String, body: [UInt8]) async throws -> [UInt8] {
        let status: Int
        let bytes: [UInt8]
        switch self.transport {
        case .http(let client, let base, let token):
            let response = try await Self.execute(client, base, token, method, target, body, timeout: Self.timeout)
            status = Int(response.status.code)
            bytes = Array(try await response.body.collect(upTo: Self.largestAnswer).readableBytesView)
        case .local(let responder):
            let answer = try await responder.respond(method, target, body: body)
            status = answer.status.code
            bytes = try await answer.body()
        }
        guard (200..<300).contains(status) else { throw Self.failure(status: status, bytes) }
        return bytes
    }

    private func decode<Answer: Decodable>(_ bytes: [UInt8]) throws -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(bytes))
        } catch {
            throw Failure("the server's answer cannot be read; is it a Sparekey server of version \(Version.text)?")
        }
    }

    // MARK: HTTP

    private static func execute(
        _ client: HTTPClient,
        _ base: String,
        _ token: String?,
        _ method: HTTPRequest.Method,
        _ target: String,
        _ body: [UInt8],
        timeout: TimeAmount
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: base + target)
        request.method = HTTPMethod(rawValue: method.rawValue)
        request.headers.add(name: "user-agent", value: "sparekey/\(Version.text)")
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        if !body.isEmpty {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        do {
            return try await client.execute(request, timeout: timeout)
        } catch {
            throw Failure("the server cannot be reached (\(error)); check its address and that it runs")
        }
    }

    private static func isAnswered(_ base: String, by client: HTTPClient) async -> Bool {
        let response = try? await client.execute(HTTPClientRequest(url: base + "/healthz"), timeout: .seconds(5))
        return response?.status == .ok
    }

    private static func failure(status: Int, _ bytes: [UInt8]) -> Failure {
        guard let problem = try? JSONDecoder().decode(ProblemDocument.self, from: Data(bytes)) else {
            return Failure("the server answered with status \(status) and nothing else; is it a Sparekey server?")
        }
        var text = problem.title
        if let field = problem.field, let detail = problem.detail, !detail.contains(field) {
            text += " \(field): \(detail)"
        } else if let detail = problem.detail {
            text += " \(detail)"
        }
        if let request = problem.requestId { text += " (request \(request))" }
        return Failure(text)
    }
}
