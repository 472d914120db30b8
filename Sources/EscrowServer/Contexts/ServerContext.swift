import EscrowModel
import HTTPTypes
package import Hummingbird
import Logging
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
        self.init(
            source: source,
            peer: .network(address: source.channel.remoteAddress?.ipAddress ?? "unknown"),
            channel: source.channel
        )
    }

    /// Makes the context of a request from within the process.
    package init(peer: Peer) {
        self.init(source: InProcess(), peer: peer, channel: nil)
    }

    private init(source: some RequestContextSource, peer: Peer, channel: (any Channel)?) {
        self.coreContext = CoreRequestContextStorage(source: source)
        self.peer = peer
        self.channel = channel
        self.requestID = RequestID().description
    }

    /// From where the request came, in the audit log's form.
    func source(of request: Request) -> EscrowModel.Source {
        EscrowModel.Source(address: self.peer.address, agent: request.headers[.userAgent], requestID: self.requestID)
    }

    /// The responder puts its own logger in the place of this one.
    private struct InProcess: RequestContextSource {
        var logger: Logger { Logger(label: "sparekey") { _ in SwiftLogNoOpLogHandler() } }
    }
}
