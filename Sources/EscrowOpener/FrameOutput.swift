import Dispatch
import Synchronization

/// Sends frames of many threads over one connection. One thread writes what waits, all of it at once; what comes meanwhile
/// makes up the next write.
final class FrameOutput: Sendable {
    /// So many bytes may wait for a peer that does not read.
    private static let mostWaiting = 64 << 20

    private struct State: ~Copyable {
        var waiting = WipedBuffer()
        var isWriting = false
        var isBroken = false
    }

    private let socket: SocketDescriptor
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "sparekey.opener.output", qos: .userInitiated)

    init(_ socket: SocketDescriptor) { self.socket = socket }

    /// Puts a message in line, which is sent at the next ``flush()``; false when it can never be.
    func append(_ message: [UInt8], number: UInt64) -> Bool {
        let isTaken = self.state.withLock { state in
            guard !state.isBroken, message.count <= Frame.longestMessage,
                state.waiting.count + message.count <= Self.mostWaiting
            else { return false }
            Frame.write(message, number: number, to: &state.waiting)
            return true
        }
        return isTaken
    }

    /// Puts a message in line and has it sent by another thread; false when it can never be.
    func send(_ message: [UInt8], number: UInt64) -> Bool {
        guard self.append(message, number: number) else { return false }
        if self.begin() { self.queue.async { self.drain() } }
        return true
    }

    /// Sends what waits, unless another thread does it already.
    func flush() {
        if self.begin() { self.drain() }
    }

    private func begin() -> Bool {
        self.state.withLock { state in
            guard !state.isWriting, !state.isBroken, state.waiting.count > 0 else { return false }
            state.isWriting = true
            return true
        }
    }

    private func drain() {
        var taken = WipedBuffer()
        while true {
            let hasMore = self.state.withLock { state in
                if state.waiting.count == 0 { state.isWriting = false }
                swap(&state.waiting, &taken)
                return state.isWriting
            }
            guard hasMore else { return }
            let count = taken.count
            guard taken.withUnsafeBytes({ self.socket.write($0) }) else {
                self.state.withLock { $0.isBroken = true }
                self.socket.end()
                return
            }
            taken.drop(count)
        }
    }
}
