import CBench
import Glibc

/// Sends requests that were written beforehand, over so many connections: on each the next as soon as the answer to the one
/// before is there. One thread, which does as little as it can: it shares the machine with the server.
struct BenchLoad {
    /// What came of it.
    struct Outcome {
        /// How many requests were answered.
        var count = 0
        /// In how many seconds.
        var seconds = 0.0
        /// How long each answer took, in microseconds, sorted.
        var latencies: [Double] = []
        /// The processor time that sending and receiving took, in seconds.
        var ownProcessorTime = 0.0

        /// Answers in a second.
        var rate: Double { self.seconds > 0 ? Double(self.count) / self.seconds : 0 }

        /// The latency that so much of the answers, 0 to 1, were not above, in milliseconds.
        func latency(_ share: Double) -> Double {
            guard !self.latencies.isEmpty else { return 0 }
            return self.latencies[BenchSamples.index(of: share, among: self.latencies.count)] / 1000
        }
    }

    private let port: UInt16
    private let connections: Int

    /// Chooses the server and the number of connections.
    init(port: UInt16, connections: Int) {
        self.port = port
        self.connections = connections
    }

    /// Sends each request once; each must be answered with a status of success.
    func sendAll(_ requests: [[UInt8]]) throws -> Outcome {
        try self.run(requests, forSeconds: nil)
    }

    /// Sends the requests again and again for so long; each must be answered with a status of success.
    func send(_ requests: [[UInt8]], forSeconds seconds: Double) throws -> Outcome {
        try self.run(requests, forSeconds: seconds)
    }

    private func run(_ requests: [[UInt8]], forSeconds limit: Double?) throws -> Outcome {
        let queue = epoll_create1(0)
        guard queue >= 0 else { throw Failure("cannot wait for answers: \(SmallFile.reason)") }
        defer { close(queue) }
        let count = limit == nil ? min(self.connections, requests.count) : self.connections
        let lines = try (0..<count).map { number in
            let line = Line(socket: try BenchSocket(port: self.port))
            try line.watch(in: queue, as: number)
            return line
        }
        var outcome = Outcome()
        outcome.latencies.reserveCapacity(limit == nil ? requests.count : 1 << 17)
        let ownBegin = BenchClock.processorTimeOfThread
        let begin = BenchClock.now
        let deadline = limit.map { begin + $0 }
        var next = 0
        for line in lines {
            try line.send(requests[next % requests.count])
            next += 1
        }
        var waiting = lines.count
        var last = begin
        var ready = [epoll_event](repeating: epoll_event(), count: 64)
        while waiting > 0 {
            let count = epoll_wait(queue, &ready, Int32(ready.count), 30_000)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure("no answer has come for 30 seconds") }
            for event in ready[..<Int(count)] {
                let line = lines[Int(event.data.u64)]
                guard try line.receive() else { continue }
                waiting -= 1
                let now = BenchClock.now
                let isOver = deadline.map { now >= $0 } ?? false
                if !isOver {
                    // What is answered after the end is waited for, so that nothing of it falls into the next run.
                    outcome.latencies.append((now - line.begin) * 1e6)
                    last = now
                }
                guard !isOver, limit != nil || next < requests.count else { continue }
                try line.send(requests[next % requests.count])
                next += 1
                waiting += 1
            }
        }
        outcome.count = outcome.latencies.count
        outcome.seconds = (deadline ?? last) - begin
        outcome.ownProcessorTime = BenchClock.processorTimeOfThread - ownBegin
        outcome.latencies.sort()
        return outcome
    }

    /// One connection with the request that is under way on it.
    private final class Line {
        private let socket: BenchSocket
        private var answer = BenchAnswer()
        private(set) var begin = 0.0

        init(socket: consuming BenchSocket) { self.socket = socket }

        func watch(in queue: Int32, as number: Int) throws {
            var event = epoll_event()
            event.events = EPOLLIN.rawValue
            event.data.u64 = UInt64(number)
            guard epoll_ctl(queue, EPOLL_CTL_ADD, self.socket.descriptor, &event) == 0 else {
                throw Failure("cannot wait for answers: \(SmallFile.reason)")
            }
        }

        func send(_ request: [UInt8]) throws {
            self.begin = BenchClock.now
            try request.withUnsafeBytes { try self.socket.send($0) }
        }

        /// True when the answer is whole.
        func receive() throws -> Bool {
            guard let complete = try self.answer.receive(from: self.socket.descriptor) else { return false }
            guard (200..<300).contains(complete.status) else {
                throw Failure("the server answers \(complete.status): \(self.answer.body(of: complete))")
            }
            return true
        }
    }
}
