package import EscrowModel
package import EscrowService
package import HTTPTypes
import Hummingbird
package import Logging
import NIOCore

/// The server's routes called within the process, without any socket: for the command line when no server runs. Whoever
/// runs the process is a local operator.
package struct LocalResponder: Sendable {
    /// An answer. Its body is made as it is read.
    package struct Answer: Sendable {
        /// The HTTP status.
        package let status: HTTPResponse.Status
        /// The header fields.
        package let headers: HTTPFields
        fileprivate let content: ResponseBody

        /// Reads the body piece by piece; can be done once.
        package func forEachChunk(_ body: @escaping @Sendable ([UInt8]) async throws -> Void) async throws {
            try await self.content.write(ChunkWriter(body: body))
        }

        /// Reads the whole body; can be done once.
        package func body() async throws -> [UInt8] {
            let collected = Collected()
            try await self.forEachChunk { await collected.append($0) }
            return await collected.bytes
        }
    }

    private let responder: EdgeResponder
    private let peer: Peer

    /// Makes it on the operations of a service.
    ///
    /// - Parameters:
    ///   - service: the operations.
    ///   - settings: limits that hold here too.
    ///   - peer: who asks; by default the user that the process runs as.
    ///   - clock: what time it is.
    ///   - logger: gets a line for each request.
    package init(
        service: EscrowService,
        settings: ServerSettings = ServerSettings(),
        peer: Peer? = nil,
        clock: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        let router = EscrowRouter(service: service, settings: settings, clock: clock)
        self.responder = router.responder(deadlines: nil, logger: logger)
        self.peer = peer ?? .console(operatorName: UserName.ofProcess)
    }

    /// Answers a request.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - target: the path with its query, such as `/api/devices?limit=5`.
    ///   - headers: header fields; the content type is JSON unless they say otherwise.
    ///   - body: the body; empty for none.
    package func respond(
        _ method: HTTPRequest.Method,
        _ target: String,
        headers: HTTPFields = [:],
        body: [UInt8] = []
    ) async throws -> Answer {
        var headers = headers
        if !body.isEmpty {
            headers[.contentLength] = String(body.count)
            if headers[.contentType] == nil { headers[.contentType] = "application/json" }
        }
        let request = Request(
            head: HTTPRequest(method: method, scheme: nil, authority: nil, path: target, headerFields: headers),
            body: RequestBody(buffer: ByteBuffer(bytes: body))
        )
        let response = try await self.responder.respond(
            to: request,
            context: ServerContext(peer: self.peer)
        )
        return Answer(status: response.status, headers: response.headers, content: response.body)
    }
}

private actor Collected {
    var bytes: [UInt8] = []

    func append(_ chunk: [UInt8]) { self.bytes += chunk }
}

private struct ChunkWriter: ResponseBodyWriter {
    let body: @Sendable ([UInt8]) async throws -> Void

    mutating func write(_ buffer: ByteBuffer) async throws {
        try await self.body(Array(buffer.readableBytesView))
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
