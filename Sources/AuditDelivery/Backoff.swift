/// How long to wait before something that failed is tried again: twice as long each time, up to an end, and never at the
/// same moment as everybody else.
package struct Backoff: Equatable, Sendable {
    /// The wait after the first failure.
    let first: Duration
    /// The longest wait.
    let longest: Duration

    /// Waits from half a second to a minute.
    package static let standard = Backoff(first: .milliseconds(500), longest: .seconds(60))

    /// Makes a back-off.
    package init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
    }

    /// The wait after so many failures in a row, from 1; between half of it and all of it.
    package func delay(failures: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        let doublings = min(max(failures, 1) - 1, 16)
        let whole = min(self.first * (1 << doublings), self.longest)
        return whole * Double.random(in: 0.5...1, using: &generator)
    }
}
