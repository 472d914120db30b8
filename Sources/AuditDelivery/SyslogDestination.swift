package import EscrowModel
import NIOCore
import NIOPosix
package import NIOSSL

/// A syslog server: RFC 5424 messages over TLS (RFC 5425), or over plain TCP on this machine.
///
/// Syslog has no acknowledgement: what was written may lie in a buffer of a peer that dies. So each batch has a connection of its own, which
/// this side closes for writing when all is sent. The peer reads to the end and closes it too: only a peer that has read
/// everything can close it in good order, since closing a connection with something unread in it resets it. That is the acknowledgement.
package struct SyslogDestination: Destination {
    let batchLimit = 1000

    private let host: String
    private let port: Int
    private let hostname: String
    private let tls: NIOSSLContext?
    private let timeout: TimeAmount

    /// Makes a destination.
    ///
    /// - Parameters:
    ///   - host: the peer's name or address.
    ///   - port: its port; 6514 is syslog's over TLS.
    ///   - hostname: what the messages say they come from.
    ///   - tls: nil for plain TCP, which must not leave the machine.
    ///   - timeout: how long connecting, and then delivering a batch, may take.
    package init(host: String, port: Int, hostname: String, tls: NIOSSLContext?, timeout: TimeSpan = .seconds(30)) {
        self.host = host
        self.port = port
        self.hostname = hostname
        self.tls = tls
        self.timeout = .milliseconds(timeout.milliseconds)
    }

    package func deliver(_ batch: Batch) async throws(DeliveryError) {
        var bytes: [UInt8] = []
        for message in batch.messages { SyslogMessage.append(message, host: self.hostname, to: &bytes) }
        let (channel, acknowledgement) = try await self.connect()
        do {
            try await withTaskCancellationHandler {
                // What breaks the connection is told to whoever watches it, not only to the write that fails.
                channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
                channel.close(mode: .output, promise: nil)
                try await acknowledgement.get()
            } onCancel: {
                channel.triggerUserOutboundEvent(ClosingHandshake.Abandon(), promise: nil)
            }
        } catch {
            channel.close(promise: nil)
            throw self.error(error)
        }
    }

    package func close() async {}

    /// Connects, and gives what is fulfilled when the peer has read everything.
    private func connect() async throws(DeliveryError) -> (any Channel, EventLoopFuture<Void>) {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let acknowledgement = loop.makePromise(of: Void.self)
        let (tls, host, timeout) = (self.tls, self.host, self.timeout)
        do {
            let channel = try await ClientBootstrap(group: loop)
                .connectTimeout(self.timeout)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        let handshake = ClosingHandshake(acknowledgement, isTLS: tls != nil, timeout: timeout)
                        try pipeline.addHandler(handshake)
                        if let tls { try pipeline.addHandler(Self.handler(tls, host: host)) }
                        try pipeline.addHandler(ClosingHandshakeErrors(handshake))
                    }
                }
                .connect(host: host, port: self.port)
                .get()
            return (channel, acknowledgement.futureResult)
        } catch {
            acknowledgement.fail(error)
            throw .cannotConnect("\(error)")
        }
    }

    /// TLS for a peer; its name is sent where it is one, and not where it is an address.
    private static func handler(_ tls: NIOSSLContext, host: String) throws -> NIOSSLClientHandler {
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : host)
    }

    private func error(_ error: any Error) -> DeliveryError {
        switch error as? ClosingHandshake.Failure {
        case .timedOut: .timedOut(seconds: Int(self.timeout.nanoseconds / 1_000_000_000))
        case .closedEarly: .broken("the peer closed it")
        case .reset: .broken("the peer closed it with something unread in it")
        case .abandoned: .broken("the server stops")
        case nil: .broken("\(error)")
        }
    }
}
