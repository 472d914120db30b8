import EscrowModel
import HTTPTypes
package import Hummingbird
package import Logging
package import NIOCore

/// What is known of a request before anybody has been authenticated.
package struct ServerContext: RequestContext {
    /// Hummingbird's own part.
    package var coreContext: CoreRequestContextStorage
    /// Who is at the other end.
    package var peer: Peer
    /// The connection; nil for a request from within the process.
    package let channel: (any Channel)?
    /// The request's ID, which the caller is told and the audit log keeps.
    package var requestID: String
    /// The whole body.
    var content = RequestContent.empty
    /// Who makes the request, once that is established. Routes do not look here: their own contexts cannot lack it.
    var caller: Caller?

    /// Makes the context of a request that came over a connection. Only the admin socket's responder turns its peer
    /// into the console.
    package init(source: ApplicationRequestContextSource) {
        self.coreContext = CoreRequestContextStorage(source: source)
        self.channel = source.channel
        self.peer = .network(address: source.channel.remoteAddress?.ipAddress ?? "unknown")
        self.requestID = self.coreContext.defaultRequestID(source.logger)
    }

    /// Makes the context of a request from within the process.
    package init(peer: Peer, logger: Logger) {
        var logger = logger
        logger[metadataKey: Self.requestIDKey] = .stringConvertible(RequestID())
        self.coreContext = CoreRequestContextStorage(source: InProcess(logger: logger))
        self.channel = nil
        self.peer = peer
        self.requestID = self.coreContext.defaultRequestID(logger)
    }

    /// Takes over an ID that the client chose.
    mutating func identify(as id: String) {
        self.requestID = id
        self.logger[metadataKey: Self.requestIDKey] = .string(id)
    }

    /// Under this key Hummingbird keeps the request's ID in the logger.
    static let requestIDKey = "hb.request.id"

    /// From where the request came, in the audit log's form.
    func source(of request: Request) -> EscrowModel.Source {
        EscrowModel.Source(address: self.peer.address, agent: request.headers[.userAgent], requestID: self.requestID)
    }

    private struct InProcess: RequestContextSource {
        let logger: Logger
    }
}

extension CoreRequestContextStorage {
    /// The ID that Hummingbird gave the request, unique within the process and across processes.
    fileprivate func defaultRequestID(_ logger: Logger) -> String {
        logger[metadataKey: ServerContext.requestIDKey]?.description ?? RequestID().description
    }
}
