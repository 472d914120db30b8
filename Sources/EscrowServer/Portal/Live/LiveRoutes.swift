import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird
import ServiceLifecycle

/// `/live`: a stream of server-sent events that says that something has changed, and never what: pages look for themselves.
struct LiveRoutes: Sendable {
    /// How often a stream looks whether something has changed.
    private static let pause = Duration.seconds(1)
    /// After how many looks without a change a stream says that it is still there, and sees whether its session is.
    private static let heartbeat = 15

    private let portal: Portal
    private let log: LiveLog
    private let streams: LiveStreams

    init(portal: Portal, most: Int) {
        self.portal = portal
        self.log = LiveLog { [service = portal.service] in try await service.logSize() }
        self.streams = LiveStreams(most: most)
    }

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("live", use: self.live)
    }

    @Sendable
    private func live(_ request: Request, _ context: ServerContext) async throws -> Response {
        guard let token = self.portal.session.value(in: request.headers) else { throw EscrowError.notAuthenticated }
        let (service, source) = (self.portal.service, context.source(of: request))
        // A page left open does not keep a session alive: only what somebody does.
        let person = try await service.signedIn(by: token, source: source, isUse: false)
        guard let person else { throw EscrowError.notAuthenticated }
        guard let place = self.streams.enter(person.session.id) else {
            throw EscrowError.unavailable(retryAfterSeconds: 60)
        }
        let log = self.log
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                var quiet = 0
                var known = try? await log.size(at: .now)
                try await writer.write(Self.event("retry: 3000\nevent: open", size: known))
                while await Self.rest() {
                    quiet += 1
                    if let size = try? await log.size(at: .now), size != known {
                        known = size
                        try await writer.write(Self.event("event: change", size: size))
                    } else if quiet % Self.heartbeat == 0 {
                        try await writer.write(ByteBuffer(string: ": still here\n\n"))
                    }
                    guard quiet % Self.heartbeat == 0 else { continue }
                    guard try await service.signedIn(by: token, source: source, isUse: false) != nil else { break }
                }
                try await writer.finish(nil)
                withExtendedLifetime(place) {}
            }
        )
    }

    private static func event(_ lines: String, size: UInt64?) -> ByteBuffer {
        ByteBuffer(string: "\(lines)\ndata: \(size ?? 0)\n\n")
    }

    /// Waits a moment. False when the stream is to end, as it is at once when the server stops.
    private static func rest() async -> Bool {
        guard !Task.isShuttingDownGracefully else { return false }
        do { try await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.pause) } } catch { return false }
        return !Task.isShuttingDownGracefully
    }
}
