import AsyncHTTPClient
import EscrowModel
import NIOCore
import NIOHTTP1
import NIOSSL

/// Requests to the identity provider: no redirects, little time, and answers of one mebibyte at most.
struct ProviderTransport: Sendable {
    /// What came back.
    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]
    }

    private static let largestAnswer = 1 << 20
    /// For a request from its beginning to the end of its answer: three of them fit into the time that a page may take.
    private static let timeout = Duration.seconds(6)

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(4)
        configuration.decompression = .disabled
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// Whom it trusts; nil for whom the system does.
    let tls: TLSConfiguration?

    func get(_ url: String, bearer: String? = nil) async throws(ProviderError) -> Answer {
        var request = HTTPClientRequest(url: url)
        if let bearer { request.headers.add(name: "authorization", value: "Bearer \(bearer)") }
        return try await self.send(request)
    }

    func post(_ url: String, form: String, authorization: String?) async throws(ProviderError) -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
        if let authorization { request.headers.add(name: "authorization", value: authorization) }
        request.body = .bytes(ByteBuffer(string: form))
        return try await self.send(request)
    }

    private func send(_ request: HTTPClientRequest) async throws(ProviderError) -> Answer {
        var request = request
        request.headers.add(name: "accept", value: "application/json")
        request.headers.add(name: "user-agent", value: "\(Product.name.lowercased())/\(Product.version)")
        request.tlsConfiguration = self.tls
        let message = request
        do {
            return try await withThrowingTaskGroup(of: Answer.self) { group in
                group.addTask {
                    let response = try await Self.client.execute(message, timeout: .seconds(6))
                    let body = try await response.body.collect(upTo: Self.largestAnswer)
                    return Answer(status: Int(response.status.code), body: Array(body.readableBytesView))
                }
                // The client's own time-out ends with the answer's head.
                group.addTask {
                    try await Task.sleep(for: Self.timeout)
                    throw HTTPClientError.deadlineExceeded
                }
                defer { group.cancelAll() }
                guard let answer = try await group.next() else { throw CancellationError() }
                return answer
            }
        } catch is NIOTooManyBytesError {
            throw .unreadable
        } catch {
            throw .unreachable(reason: String("\(error)".prefix(200)))
        }
    }
}
