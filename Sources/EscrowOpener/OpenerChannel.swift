import Dispatch
import EscrowCrypto
import Synchronization

/// The server's side of a connection: many requests under way, each answered by its number.
final class OpenerChannel: Sendable {
    /// More requests than this are not kept waiting.
    private static let mostPending = 16_384

    private struct Pending {
        let continuation: CheckedContinuation<OpenerAnswer, Never>
        /// When it was asked, and must be answered at once; nil where it may take its time.
        let since: ContinuousClock.Instant?
    }

    private struct State {
        var pending: [UInt64: Pending] = [:]
        var next: UInt64 = 1
        var hasEnded = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let socket: SocketDescriptor
    private let output: FrameOutput
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "sparekey.opener.input", qos: .userInitiated)
    private let onTrouble: @Sendable (KeyHolderError) -> Void

    /// Takes a connection.
    ///
    /// - Parameters:
    ///   - socket: the connection.
    ///   - onTrouble: told what the opener says without being asked: that the log does not fit.
    init(_ socket: SocketDescriptor, onTrouble: @escaping @Sendable (KeyHolderError) -> Void) {
        self.socket = socket
        self.output = FrameOutput(socket)
        self.onTrouble = onTrouble
        self.queue.async { self.read() }
    }

    /// Asks, and waits for the answer; a connection that ends meanwhile answers everything.
    func ask(_ request: OpenerRequest) async -> OpenerAnswer {
        let bytes = request.bytes
        var since: ContinuousClock.Instant?
        if case .open = request { since = .now }
        return await withCheckedContinuation { continuation in
            let number = self.state.withLock { state -> UInt64? in
                guard !state.hasEnded, state.pending.count < Self.mostPending else { return nil }
                defer { state.next += 1 }
                state.pending[state.next] = Pending(continuation: continuation, since: since)
                return state.next
            }
            guard let number else {
                continuation.resume(returning: .failed(Self.gone))
                return
            }
            guard !self.output.send(bytes, number: number) else { return }
            self.state.withLock { $0.pending.removeValue(forKey: number) }?.continuation
                .resume(returning: .failed(Self.gone))
        }
    }

    /// Tells something that is not answered.
    func tell(_ request: OpenerRequest) {
        if !self.output.send(request.bytes, number: 0) { self.end() }
    }

    /// Ends the connection.
    func end() { self.socket.end() }

    /// Returns once the connection has ended.
    func ended() async {
        await withCheckedContinuation { continuation in
            let hasEnded = self.state.withLock { state in
                if !state.hasEnded { state.waiting.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    /// Whether something that must be answered at once has waited for longer than it may.
    func isStuck(after patience: Duration) -> Bool {
        let now = ContinuousClock.now
        return self.state.withLock { state in
            state.pending.values.contains { $0.since.map { now - $0 > patience } ?? false }
        }
    }

    private func read() {
        var input = WipedBuffer(capacity: 256 << 10)
        while input.fill(atLeast: 64 << 10, { self.socket.read(into: $0) }) > 0 {
            do throws(WireError) {
                try Frame.read(from: &input) { (number, message) throws(WireError) in
                    self.take(try OpenerAnswer(parsing: message), number: number)
                }
            } catch {
                break
            }
        }
        self.socket.end()
        let (pending, waiting) = self.state.withLock { state in
            state.hasEnded = true
            defer { (state.pending, state.waiting) = ([:], []) }
            return (state.pending, state.waiting)
        }
        for request in pending.values { request.continuation.resume(returning: .failed(Self.gone)) }
        for continuation in waiting { continuation.resume() }
    }

    private func take(_ answer: OpenerAnswer, number: UInt64) {
        if number == 0 {
            if case .failed(let error) = answer { self.onTrouble(error) }
            return
        }
        let pending = self.state.withLock { $0.pending.removeValue(forKey: number) }
        pending?.continuation.resume(returning: answer)
    }

    private static let gone = KeyHolderError.unavailable("the opener process has ended or does not answer.")
}
