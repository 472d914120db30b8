import EscrowModel
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle

/// A witness's server. It keeps one small file a log, and has no other state.
package struct WitnessApplication: Service {
    private let book: WitnessBook
    private let settings: ServerSettings
    private let logger: Logger
    private let onReady: @Sendable (EscrowApplication.Address) async -> Void

    /// Makes the server; of the settings only address, TLS and limits of connections matter.
    package init(
        book: WitnessBook,
        settings: ServerSettings,
        logger: Logger,
        onReady: @escaping @Sendable (EscrowApplication.Address) async -> Void = { _ in }
    ) {
        self.book = book
        self.settings = settings
        self.logger = logger
        self.onReady = onReady
    }

    /// Serves until the task is cancelled or a graceful shutdown begins.
    package func run() async throws {
        let router = Router(context: BasicRequestContext.self)
        WitnessRoutes(book: self.book).add(to: router)
        let tls = try self.settings.tls.map { (files) throws(ServerStartError) in try TLSConfiguration.server(files) }
        var builder: HTTPServerBuilder = .http1(
            configuration: HTTP1Channel.Configuration(
                idleTimeout: .milliseconds(self.settings.idleTimeout.milliseconds)
            )
        )
        if let tls { builder = try .tls(builder, tlsConfiguration: tls) }
        let settings = self.settings
        let onReady = self.onReady
        let application = Application(
            responder: router.buildResponder(),
            server: builder,
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port),
                serverName: nil,
                availableConnectionsDelegate: .maximum(settings.maximumConnections, logger: self.logger)
            ),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? settings.port
                await onReady(EscrowApplication.Address(host: settings.host, port: port, isTLS: tls != nil))
            },
            logger: self.logger
        )
        do {
            try await application.run()
        } catch let error as IOError {
            throw ServerStartError.cannotListen(address: "\(settings.host):\(settings.port)", reason: "\(error)")
        }
    }
}
