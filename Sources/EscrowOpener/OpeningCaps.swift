package import EscrowModel

/// How many secrets may be opened within an hour, counted by the minute. A pure value; the clock is the caller's.
package struct OpeningCaps: Sendable {
    /// The caps; nil for none.
    package struct Limits: Sendable, Equatable {
        /// For one caller.
        package var perCaller: Int?
        /// For all together.
        package var inTotal: Int?

        /// Chooses the caps; the defaults are far above what people do, and far below a fleet.
        package init(perCaller: Int? = 1000, inTotal: Int? = 5000) {
            self.perCaller = perCaller
            self.inTotal = inTotal
        }
    }

    private struct Minute: Sendable {
        let number: Int64
        var counts: [String: Int]
    }

    private let limits: Limits
    private var minutes: [Minute] = []
    private var callers: [String: Int] = [:]
    private var total = 0

    /// Begins with nothing counted.
    package init(_ limits: Limits) { self.limits = limits }

    /// Counts an opening, or says which cap keeps it from being one.
    package mutating func count(_ principal: String, at now: Timestamp) throws(OpenerRefusal) {
        let minute = now.milliseconds / 60_000
        self.forget(before: minute - 59)
        if let cap = self.limits.inTotal, self.total >= cap { throw .totalCap(perHour: cap) }
        if let cap = self.limits.perCaller, self.callers[principal, default: 0] >= cap {
            throw .callerCap(perHour: cap)
        }
        guard self.limits != Limits(perCaller: nil, inTotal: nil) else { return }
        // A clock that was set back counts in the newest minute there is.
        if minute > self.minutes.last?.number ?? .min { self.minutes.append(Minute(number: minute, counts: [:])) }
        self.minutes[self.minutes.count - 1].counts[principal, default: 0] += 1
        self.callers[principal, default: 0] += 1
        self.total += 1
    }

    private mutating func forget(before minute: Int64) {
        while let oldest = self.minutes.first, oldest.number < minute {
            self.minutes.removeFirst()
            for (principal, count) in oldest.counts {
                self.total -= count
                self.callers[principal, default: 0] -= count
                if self.callers[principal] == 0 { self.callers[principal] = nil }
            }
        }
    }
}
