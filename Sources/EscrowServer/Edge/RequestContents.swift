import HTTPTypes
import Hummingbird
import NIOCore

/// Reads the whole body before anything else happens: within its limit, within its time, and complete.
struct RequestContents: Sendable {
    /// How many bytes a body may have.
    let limits: ServerSettings.BodyLimits
    /// Ends the wait for a body that does not come; nil where there is nothing to wait for.
    let deadlines: RequestDeadlines?

    /// Reads the body of a request; nothing is waited for when there is none.
    func read(of request: Request, _ context: ServerContext) async throws -> RequestContent {
        guard request.headers[.contentLength] != nil || request.headers[.transferEncoding] != nil else { return .empty }
        let limit = request.uri.path.hasPrefix("/api/agent/") ? self.limits.agent : self.limits.api
        let announced = request.headers[.contentLength].flatMap { Int($0) }
        if let announced, announced > limit {
            context.closeSoon()
            throw Problem.contentTooLarge(limit: limit)
        }
        guard announced != 0 else { return .empty }
        let content = RequestContent(takingOver: try await self.chunks(of: request, limit: limit, context))
        // A connection that ends early looks like the end of the body, and half a body may well be a valid one.
        if let announced, announced != content.count { throw Problem.invalid(field: "body", "is cut short") }
        return content
    }

    private func chunks(of request: Request, limit: Int, _ context: ServerContext) async throws -> [ByteBuffer] {
        let reading = Task {
            var chunks: [ByteBuffer] = []
            var count = 0
            for try await chunk in request.body {
                count += chunk.readableBytes
                guard count <= limit else { throw Problem.contentTooLarge(limit: limit) }
                chunks.append(chunk)
            }
            try Task.checkCancellation()
            return chunks
        }
        let watch = self.deadlines?.watch { reading.cancel() }
        defer { if let watch { self.deadlines?.release(watch) } }
        do {
            return try await reading.value
        } catch {
            context.closeSoon()
            throw error is CancellationError ? Problem.requestTimeout : error
        }
    }
}

extension ServerContext {
    /// Closes the connection once the answer has had time to leave: the rest of the body may still be dripping in, and
    /// nobody reads it any more.
    fileprivate func closeSoon() {
        guard let channel = self.channel else { return }
        channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
    }
}
