import EscrowModel
package import Hummingbird
import Logging
import NIOHTTP1

/// The way of every request, from the network, the admin socket or within the process: it gets an ID and its body is
/// read, the router answers in time or a problem does, the answer is sealed and logged.
///
/// A responder around the router rather than its middleware: what is begun must be able to outlive its deadline, and
/// a middleware's `next` cannot.
package struct EdgeResponder: HTTPResponder {
    package typealias Context = ServerContext

    let router: RouterResponder<ServerContext>
    let contents: RequestContents
    let deadlines: RequestDeadlines?
    let headers: ResponseHeaders
    /// Whose word on their client's address is believed.
    let trustedProxies: [IPNetwork]
    /// Gets a line for each request.
    let logger: Logger

    /// Answers a request. Throws only what Hummingbird must see: that a connection is beyond repair.
    package func respond(to request: Request, context: ServerContext) async throws -> Response {
        let begin = ContinuousClock.now
        var context = context
        if case .network(let address) = context.peer {
            let client = ForwardedAddress.client(of: address, request.headers, trusting: self.trustedProxies)
            context.peer = .network(address: client)
        }
        if let id = RequestIDs.accepted(from: request) { context.requestID = id }
        context.logger = self.logger
        context.logger[metadataKey: "requestId"] = .string(context.requestID)
        var response: Response
        do {
            context.content = try await self.contents.read(of: request, context)
            response = try await self.answer(request, context)
        } catch let error as HTTPParserError {
            throw error
        } catch {
            response = Problem(error, logger: context.logger).response(requestID: context.requestID)
        }
        self.headers.seal(&response, for: request, requestID: context.requestID)
        AccessLog.write(request, response, context, after: ContinuousClock.now - begin)
        return response
    }

    private func answer(_ request: Request, _ context: ServerContext) async throws -> Response {
        guard let deadlines = self.deadlines else {
            return try await self.router.respond(to: request, context: context)
        }
        return try await deadlines.answer { [router] in
            try await router.respond(to: request, context: context)
        }
    }
}
