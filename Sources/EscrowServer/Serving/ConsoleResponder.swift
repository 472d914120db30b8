import Hummingbird

/// Answers on the admin socket: whoever is let in by the operating system is a local operator.
struct ConsoleResponder: HTTPResponder {
    typealias Context = ServerContext

    let base: EdgeResponder

    func respond(to request: Request, context: ServerContext) async throws -> Response {
        guard let channel = context.channel, let credentials = await PeerCredentials.of(channel),
            credentials.isOwnUserOrRoot
        else {
            return Problem(
                status: .forbidden,
                code: "not-the-console",
                title: "Only the server's own user may use this socket.",
                headers: [.connection: "close"]
            ).response(requestID: context.requestID)
        }
        var context = context
        context.peer = .console(operatorName: credentials.userName)
        return try await self.base.respond(to: request, context: context)
    }
}
