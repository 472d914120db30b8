import Glibc
import NIOCore

/// Watches how a connection ends, next to the socket: whether the peer has read all that was sent.
///
/// After this side has said that nothing more comes, it waits for the peer's end of file, and then for the peer's acknowledgement of every
/// byte: an end of file alone may have been on its way already when the bytes came. A peer with unread bytes resets the connection instead.
///
/// Over TLS, TLS's own word for the end is what the peer reads, and the connection's half stays open: the system's acknowledgements can
/// still be asked for. Plain TCP has no other word than closing that half; it is for this machine, where nothing is ever on its way.
final class ClosingHandshake: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    /// Why there is no acknowledgement.
    enum Failure: Error, Equatable {
        /// The peer has not acknowledged in time.
        case timedOut
        /// Nobody waits for it any more.
        case abandoned
        /// The peer closed the connection before everything was sent.
        case closedEarly
        /// The peer reset the connection; the system's error number.
        case reset(CInt)
    }

    /// Tells the handler to close the connection at once.
    struct Abandon: Sendable {}

    /// How long to wait from one look at what is not acknowledged yet to the next.
    private static let interval = TimeAmount.milliseconds(10)

    private let acknowledgement: EventLoopPromise<Void>
    private let timeout: TimeAmount
    private let isTLS: Bool
    private var timer: Scheduled<Void>?
    private var isOutputClosed = false
    private var isWaiting = true

    /// - Parameters:
    ///   - acknowledgement: what comes of it.
    ///   - isTLS: whether TLS is above it.
    ///   - timeout: how long it may take, from the connection on.
    init(_ acknowledgement: EventLoopPromise<Void>, isTLS: Bool, timeout: TimeAmount) {
        self.acknowledgement = acknowledgement
        self.isTLS = isTLS
        self.timeout = timeout
    }

    func channelActive(context: ChannelHandlerContext) {
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        self.timer = context.eventLoop.scheduleTask(in: self.timeout) {
            let (handler, context) = box.value
            handler.give(up: .timedOut, context)
        }
        context.fireChannelActive()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .output:
            self.isOutputClosed = true
            guard !self.isTLS else {
                promise?.succeed()
                return
            }
        case .input: break
        case .all where self.isOutputClosed && self.isWaiting:
            // TLS closes the connection when it has the peer's word that nothing more comes; the end of file is yet to be seen.
            promise?.succeed()
            return
        case .all: self.end(.failure(Failure.closedEarly))
        }
        context.close(mode: mode, promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is Abandon else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        self.give(up: .abandoned, context)
        promise?.succeed()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        if self.isOutputClosed {
            self.look(context)
        } else {
            self.give(up: .closedEarly, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.end(.failure(error))
        context.fireErrorCaught(error)
    }

    /// Takes what went wrong further up, in TLS, where it is known better than here: that the peer's certificate is not believed.
    fileprivate func take(_ error: any Error) { self.end(.failure(error)) }

    func channelInactive(context: ChannelHandlerContext) {
        let hasRead = self.isOutputClosed && !self.isTLS
        self.end(hasRead ? .success(()) : .failure(Failure.closedEarly))
        context.fireChannelInactive()
    }

    /// Asks the system whether every byte was acknowledged and nothing went wrong; if not yet, asks again soon.
    private func look(_ context: ChannelHandlerContext) {
        guard self.isWaiting, let options = context.channel as? any SocketOptionProvider else { return }
        let error = context.channel.getOption(ChannelOptions.Types.SocketOption(level: .socket, name: .so_error))
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        options.getTCPInfo().and(error).whenComplete { result in
            let (handler, context) = box.value
            switch result {
            case .success((let info, 0)) where info.tcpi_unacked == 0:
                handler.end(.success(()))
                context.close(mode: .all, promise: nil)
            case .success((_, 0)):
                context.eventLoop.scheduleTask(in: Self.interval) {
                    let (handler, context) = box.value
                    handler.look(context)
                }
            case .success((_, let code)): handler.give(up: .reset(CInt(code)), context)
            case .failure(let error): handler.end(.failure(error))
            }
        }
    }

    private func give(up failure: Failure, _ context: ChannelHandlerContext) {
        self.end(.failure(failure))
        context.close(mode: .all, promise: nil)
    }

    private func end(_ result: Result<Void, any Error>) {
        guard self.isWaiting else { return }
        self.isWaiting = false
        self.timer?.cancel()
        self.acknowledgement.completeWith(result)
    }
}

/// Hands what goes wrong in TLS down to who watches the connection, from the other side of it.
final class ClosingHandshakeErrors: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let handshake: ClosingHandshake

    init(_ handshake: ClosingHandshake) { self.handshake = handshake }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.handshake.take(error)
        context.close(promise: nil)
    }
}
