package import AsyncHTTPClient
import Crypto
package import EscrowModel
import NIOCore
import NIOHTTP1
import Synchronization

/// A webhook: a batch is posted as one JSON object, signed, and acknowledged by any status of 2xx.
package struct WebhookDestination: Destination {
    /// How much of an answer is read, for the connection to be used again; what is in it does not matter.
    private static let largestAnswer = 64 << 10

    private let url: String
    private let sink: String
    private let secret: WebhookSecret
    private let client: OwnClient
    private let timeout: TimeSpan
    private let clock: @Sendable () -> Timestamp
    private let size: BatchSize

    /// Makes a destination.
    ///
    /// - Parameters:
    ///   - url: where to post; https, or http on this machine.
    ///   - sink: the sink's name, which the body tells.
    ///   - secret: what requests are signed with.
    ///   - configuration: how connections are made; redirects are not followed whatever it says.
    ///   - batchLimit: how many entries a request has at most, from 1 on.
    ///   - timeout: how long a request may take.
    ///   - clock: what time it is, for the signature.
    package init(
        url: String,
        sink: String,
        secret: WebhookSecret,
        configuration: HTTPClient.Configuration,
        batchLimit: Int = 100,
        timeout: TimeSpan = .seconds(30),
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.url = url
        self.sink = sink
        self.secret = secret
        self.client = OwnClient(configuration)
        self.timeout = timeout
        self.clock = clock
        self.size = BatchSize(limit: batchLimit)
    }

    package var batchLimit: Int { self.size.current }

    package func deliver(_ batch: Batch) async throws(DeliveryError) {
        let body = WebhookBody.bytes(of: batch, sink: self.sink)
        let seconds = self.clock().milliseconds / 1000
        // The same body has the same ID however often it is sent: that is how its reader knows it again.
        let id = "msg_" + SHA256.hash(data: body).prefix(16).map { Self.hex($0) }.joined()
        var request = HTTPClientRequest(url: self.url)
        request.method = .POST
        request.headers = [
            "content-type": "application/json",
            "user-agent": "\(Product.name.lowercased())/\(Product.version)",
            "idempotency-key": "\"\(id)\"",
            "webhook-id": id,
            "webhook-timestamp": String(seconds),
            "webhook-signature": self.secret.signature(id: id, seconds: seconds, body: body),
        ]
        request.body = .bytes(ByteBuffer(bytes: body))
        let response: HTTPClientResponse
        do {
            response = try await self.client.get().execute(request, timeout: .milliseconds(self.timeout.milliseconds))
            var count = 0
            for try await part in response.body {
                count += part.readableBytes
                if count > Self.largestAnswer { break }
            }
        } catch {
            throw self.error(error)
        }
        switch response.status.code {
        case 200..<300: self.size.grow()
        case 413 where batch.messages.count > 1:
            self.size.shrink(from: batch.messages.count)
            throw .tooLarge
        case let status:
            let retryAfter = response.headers.first(name: "retry-after").flatMap { Int($0) }
            throw .refused(status: Int(status), retryAfterSeconds: retryAfter)
        }
    }

    package func close() async { await self.client.shutDown() }
}

extension WebhookDestination {
    private func error(_ error: any Error) -> DeliveryError {
        switch error as? HTTPClientError {
        case .deadlineExceeded?, .readTimeout?: .timedOut(seconds: Int(self.timeout.milliseconds / 1000))
        case .connectTimeout?: .cannotConnect("it does not answer")
        default: .broken("\(error)")
        }
    }

    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    /// How many entries fit into a request, as far as is known: halved when the server says that it was too large, and
    /// slowly back to the limit after that.
    private final class BatchSize: Sendable {
        private let limit: Int
        private let value: Mutex<Int>

        init(limit: Int) {
            self.limit = max(limit, 1)
            self.value = Mutex(max(limit, 1))
        }

        var current: Int { self.value.withLock { $0 } }
        func shrink(from count: Int) { self.value.withLock { $0 = max(min($0, count) / 2, 1) } }
        func grow() { self.value.withLock { $0 = min($0 + 1, self.limit) } }
    }
    /// A client that is made when it is first needed: one that was made must be shut down.
    private final class OwnClient: Sendable {
        private let configuration: HTTPClient.Configuration
        private let client = Mutex<HTTPClient?>(nil)

        init(_ configuration: HTTPClient.Configuration) {
            var configuration = configuration
            configuration.redirectConfiguration = .disallow
            self.configuration = configuration
        }

        func get() -> HTTPClient {
            self.client.withLock { client in
                if let client { return client }
                let made = HTTPClient(eventLoopGroupProvider: .singleton, configuration: self.configuration)
                client = made
                return made
            }
        }

        func shutDown() async {
            let client = self.client.withLock { client in
                defer { client = nil }
                return client
            }
            try? await client?.shutdown()
        }
    }
}
