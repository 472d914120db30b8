package import EscrowModel
package import EscrowService
import Glibc
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import IdentityProvider
package import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization

/// The server: listens on the network and on the admin socket until it is told to stop, then finishes what is under way.
package struct EscrowApplication: Service {
    /// Where the server can be reached.
    package struct Address: Equatable, Sendable {
        /// The host that was asked for.
        package let host: String
        /// The port, the system's choice where 0 was asked for.
        package let port: Int
        /// Whether it speaks TLS.
        package let isTLS: Bool

        /// The address as a URL.
        package var url: String {
            let host = self.host.contains(":") ? "[\(self.host)]" : self.host
            return "\(self.isTLS ? "https" : "http")://\(host):\(self.port)"
        }
    }

    private let router: EscrowRouter
    private let settings: ServerSettings
    private let logger: Logger
    private let onReady: @Sendable (Address) async -> Void

    /// Makes the server.
    ///
    /// - Parameters:
    ///   - service: the operations.
    ///   - settings: how it listens.
    ///   - provider: the identity provider that people sign in with; nil where there is none.
    ///   - clock: what time it is.
    ///   - logger: gets a line for each request.
    ///   - onReady: called once, when both the network and the admin socket are listened on.
    package init(
        service: EscrowService,
        settings: ServerSettings,
        provider: IdentityProvider? = nil,
        clock: @escaping @Sendable () -> Timestamp,
        logger: Logger,
        onReady: @escaping @Sendable (Address) async -> Void = { _ in }
    ) {
        self.router = EscrowRouter(service: service, settings: settings, provider: provider, clock: clock)
        self.settings = settings
        self.logger = logger
        self.onReady = onReady
    }

    /// Serves until the task is cancelled or a graceful shutdown begins. Throws `ServerStartError` when it cannot start.
    package func run() async throws {
        let deadlines = RequestDeadlines(allowed: self.settings.requestTimeout)
        let responder = self.router.responder(deadlines: deadlines, logger: self.logger)
        let tls = try self.settings.tls.map { (files) throws(ServerStartError) in try TLSConfiguration.server(files) }
        let socket = self.settings.adminSocket.map { AdminSocket(path: $0) }
        try socket?.removeStale()

        let starting = Starting(count: socket == nil ? 1 : 2, onReady: self.onReady)
        var listeners = [try self.network(responder, tls, starting)]
        if let socket { listeners.append(self.console(responder, socket, starting)) }
        defer { socket?.remove() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await deadlines.run() }
            let logger = self.logger
            // Last started, first stopped: the network before the console.
            let services = listeners.reversed().map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) }
            try await ServiceGroup(configuration: .init(services: services, logger: logger)).run()
            group.cancelAll()
        }
    }

    private func network(
        _ responder: EdgeResponder,
        _ tls: TLSConfiguration?,
        _ starting: Starting
    ) throws -> any Service {
        var builder = self.httpServer
        if let tls { builder = try .tls(builder, tlsConfiguration: tls) }
        let settings = self.settings
        let application = Application(
            responder: responder,
            server: builder,
            configuration: self.configuration(address: .hostname(settings.host, port: settings.port)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? settings.port
                await starting.hasStarted(Address(host: settings.host, port: port, isTLS: tls != nil))
            },
            logger: self.quiet
        )
        return Listener(application: application) { reason in
            .cannotListen(address: "\(settings.host):\(settings.port)", reason: reason)
        }
    }

    private func console(_ responder: EdgeResponder, _ socket: AdminSocket, _ starting: Starting) -> any Service {
        let logger = self.logger
        let application = Application(
            responder: ConsoleResponder(base: responder),
            server: self.httpServer,
            configuration: self.configuration(address: .unixDomainSocket(path: socket.path)),
            onServerRunning: { channel in
                do {
                    try socket.restrict()
                    await starting.hasStarted(nil)
                } catch {
                    logger.critical("\(error)")
                    channel.close(promise: nil)
                }
            },
            logger: self.quiet
        )
        return Listener(application: application) { reason in .adminSocketUnusable(path: socket.path, reason: reason) }
    }

    private var httpServer: HTTPServerBuilder {
        .http1(
            configuration: HTTP1Channel.Configuration(
                idleTimeout: .milliseconds(self.settings.idleTimeout.milliseconds),
                httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                    maxHeaderFieldSize: 16 * 1024,
                    maxHeaderListSize: 32 * 1024,
                    maxHeaderFieldCount: 100
                )
            )
        )
    }

    private func configuration(address: BindAddress) -> ApplicationConfiguration {
        ApplicationConfiguration(
            address: address,
            serverName: nil,
            availableConnectionsDelegate: .maximum(self.settings.maximumConnections, logger: self.quiet)
        )
    }

    /// A logger for Hummingbird, whose notices say nothing that `onReady` and the access log do not.
    private var quiet: Logger {
        var logger = self.logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}

/// Calls `onReady` when everything that must listen does.
private actor Starting {
    private var awaited: Int
    private var address: EscrowApplication.Address?
    private let onReady: @Sendable (EscrowApplication.Address) async -> Void

    init(count: Int, onReady: @escaping @Sendable (EscrowApplication.Address) async -> Void) {
        self.awaited = count
        self.onReady = onReady
    }

    func hasStarted(_ address: EscrowApplication.Address?) async {
        self.awaited -= 1
        if let address { self.address = address }
        if self.awaited == 0, let address = self.address { await self.onReady(address) }
    }
}

/// An application whose failure to listen is told in words.
private struct Listener<Base: ApplicationProtocol>: Service {
    let application: Base
    let failure: @Sendable (String) -> ServerStartError

    func run() async throws {
        do {
            try await self.application.run()
        } catch let error as IOError {
            throw self.failure(error.reason)
        }
    }
}

extension IOError {
    /// The system's words for what went wrong.
    fileprivate var reason: String { String(cString: strerror(self.errnoCode)) }
}
