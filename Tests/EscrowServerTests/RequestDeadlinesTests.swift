import EscrowModel
import EscrowServer
import HTTPTypes
import Hummingbird
import Synchronization
import Testing

/// Answers that take too long.
struct RequestDeadlinesTests {
    @Test("an answer in time is given, and nothing is left to watch")
    func inTime() async throws {
        let deadlines = RequestDeadlines(allowed: .seconds(60))
        let response = try await deadlines.answer { Response(status: .accepted) }
        #expect(response.status == .accepted)
        #expect(deadlines.watchedCount == 0)
    }

    @Test("an answer that takes too long becomes 503, and what was begun goes on to its end uncancelled")
    func tooLate() async throws {
        let deadlines = RequestDeadlines(allowed: .seconds(60))
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let (ended, end) = AsyncStream.makeStream(of: Bool.self)
        async let answer = deadlines.answer {
            for await _ in gate { break }
            end.yield(Task.isCancelled)
            return Response(status: .ok)
        }
        while deadlines.watchedCount == 0 { await Task.yield() }
        deadlines.expire(at: .now)
        #expect(deadlines.watchedCount == 1)
        deadlines.expire(at: .now + .seconds(61))
        do {
            _ = try await answer
            Issue.record("there must be no answer")
        } catch let problem as Problem {
            #expect(problem.status == .serviceUnavailable)
            #expect(problem.headers[.retryAfter] == "5")
        }
        open.yield()
        #expect(await ended.first { _ in true } == false)
    }

    @Test("a caller that hangs up cancels nothing")
    func cancelled() async throws {
        let deadlines = RequestDeadlines(allowed: .seconds(60))
        let (ended, end) = AsyncStream.makeStream(of: Bool.self)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let caller = Task {
            try await deadlines.answer {
                for await _ in gate { break }
                end.yield(Task.isCancelled)
                return Response(status: .ok)
            }
        }
        while deadlines.watchedCount == 0 { await Task.yield() }
        caller.cancel()
        open.yield()
        #expect(await ended.first { _ in true } == false)
    }
}
