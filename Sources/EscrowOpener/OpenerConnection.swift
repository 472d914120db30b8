import Dispatch
import EscrowCrypto
import Synchronization

/// The opener's side of a connection: reads what is there, opens what of it is to be opened at once and together, and sends
/// the answers in one go.
package struct OpenerConnection: Sendable {
    /// So many requests that take their time may be under way.
    private static let mostSlow = 32

    private let socket: SocketDescriptor
    private let session: OpenerSession
    private let output: FrameOutput
    private let slow = SlowRequests()

    private final class SlowRequests: Sendable {
        let count = Mutex(0)
    }

    /// Takes a connection.
    package init(_ socket: SocketDescriptor, session: OpenerSession) {
        self.socket = socket
        self.session = session
        self.output = FrameOutput(socket)
    }

    /// Answers until the peer ends the connection, or sends what is no request. Occupies a thread.
    package func run() {
        var input = WipedBuffer(capacity: 256 << 10)
        var opening: [(number: UInt64, sealed: SealedSecret, evidence: LogEvidence)] = []
        var isWhole = true
        while isWhole, input.fill(atLeast: 64 << 10, { self.socket.read(into: $0) }) > 0 {
            do throws(WireError) {
                try Frame.read(from: &input) { (number, message) throws(WireError) in
                    switch try OpenerRequest(parsing: message) {
                    case .open(let sealed, let evidence): opening.append((number, sealed, evidence))
                    case .extend(let more):
                        // What is to be opened was shown to the log as it was.
                        self.open(&opening)
                        if let trouble = self.session.extend(more) { self.send(trouble, number: 0) }
                    case let request: self.begin(request, number: number)
                    }
                }
            } catch {
                isWhole = false
            }
            self.open(&opening)
            self.output.flush()
        }
        self.socket.end()
    }

    private func open(_ opening: inout [(number: UInt64, sealed: SealedSecret, evidence: LogEvidence)]) {
        guard !opening.isEmpty else { return }
        let answers = self.session.open(opening.map { ($0.sealed, $0.evidence) })
        for (request, answer) in zip(opening, answers) { self.send(answer, number: request.number) }
        opening.removeAll(keepingCapacity: true)
    }

    private func begin(_ request: OpenerRequest, number: UInt64) {
        let isTaken = self.slow.count.withLock { count in
            guard count < Self.mostSlow else { return false }
            count += 1
            return true
        }
        guard isTaken else {
            self.send(.failed(.tooMuch("Too much is asked of the opener at once.")), number: number)
            return
        }
        Task {
            let answer = await self.session.answer(request)
            self.slow.count.withLock { $0 -= 1 }
            self.send(answer, number: number)
            self.output.flush()
        }
    }

    private func send(_ answer: OpenerAnswer, number: UInt64) {
        var bytes = answer.bytes
        // A peer that reads nothing is not answered any further: it would wait for what it was never sent.
        if !self.output.append(bytes, number: number) { self.socket.end() }
        bytes.withUnsafeMutableBytes { $0.wipe() }
    }
}
