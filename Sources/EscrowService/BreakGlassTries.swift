import EscrowModel
import Synchronization

/// How often shares that open nothing were tried of late. It keeps strangers from filling the log, and no more: 256 random
/// bits cannot be guessed, and right shares are let through however often wrong ones came before.
final class BreakGlassTries: Sendable {
    private static let limit = 10
    private static let span = TimeSpan.minutes(1)
    private let tries = Mutex<[Timestamp]>([])

    /// Counts a wrong try. Nil when it may be recorded and answered, else after how many seconds the next one may.
    func countWrong(at now: Timestamp) -> Int? {
        self.tries.withLock { tries in
            tries.removeAll { $0 + Self.span <= now }
            guard tries.count >= Self.limit, let first = tries.first else {
                tries.append(now)
                return nil
            }
            let wait = (first + Self.span).milliseconds - now.milliseconds
            return Int((wait + 999) / 1000)
        }
    }
}
