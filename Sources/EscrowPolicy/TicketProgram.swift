/// A ticket pattern as steps, which are run by keeping all places where a match could stand (Thompson, 1968).
enum TicketProgram {
    /// One step.
    enum Step: Hashable, Sendable {
        /// Takes one character of a set.
        case take(ASCIISet)
        /// Goes on here and there.
        case fork(Int, Int)
        /// Goes on elsewhere.
        case jump(Int)
        /// The pattern is at its end.
        case accept
    }

    private static let mostSteps = 2000

    /// Writes a pattern out.
    static func steps(of expression: TicketExpression) throws(TicketPattern.Problem) -> [Step] {
        var steps: [Step] = []
        try Self.append(expression, to: &steps)
        steps.append(.accept)
        return steps
    }

    /// Whether a whole text fits.
    static func run(_ steps: [Step], on text: some Collection<UInt8>) -> Bool {
        var places = Self.reach([0], in: steps)
        for byte in text {
            var following: [Int] = []
            for place in places {
                if case .take(let set) = steps[place], set.contains(byte) { following.append(place + 1) }
            }
            guard !following.isEmpty else { return false }
            places = Self.reach(following, in: steps)
        }
        return places.contains { steps[$0] == .accept }
    }

    /// All places that can be got to without taking a character, each once.
    private static func reach(_ start: [Int], in steps: [Step]) -> [Int] {
        var seen = [Bool](repeating: false, count: steps.count)
        var places: [Int] = []
        var open = start
        while let place = open.popLast() {
            guard !seen[place] else { continue }
            seen[place] = true
            switch steps[place] {
            case .fork(let one, let other): open += [one, other]
            case .jump(let other): open.append(other)
            case .take, .accept: places.append(place)
            }
        }
        return places
    }

    private static func append(_ expression: TicketExpression, to steps: inout [Step]) throws(TicketPattern.Problem) {
        guard steps.count <= Self.mostSteps else {
            throw TicketPattern.Problem(description: "is too large when its repetitions are written out")
        }
        switch expression {
        case .character(let set): steps.append(.take(set))
        case .sequence(let parts): for part in parts { try Self.append(part, to: &steps) }
        case .choice(let choices):
            var ends: [Int] = []
            for choice in choices.dropLast() {
                let fork = steps.count
                steps.append(.accept)
                try Self.append(choice, to: &steps)
                ends.append(steps.count)
                steps.append(.accept)
                steps[fork] = .fork(fork + 1, steps.count)
            }
            if let last = choices.last { try Self.append(last, to: &steps) }
            for end in ends { steps[end] = .jump(steps.count) }
        case .repeated(let part, let range):
            for _ in 0..<range.lowerBound { try Self.append(part, to: &steps) }
            var forks: [Int] = []
            for _ in 0..<range.count - 1 {
                forks.append(steps.count)
                steps.append(.accept)
                try Self.append(part, to: &steps)
            }
            for fork in forks { steps[fork] = .fork(fork + 1, steps.count) }
        case .repeatedFrom(let part, let least):
            for _ in 0..<least { try Self.append(part, to: &steps) }
            let fork = steps.count
            steps.append(.accept)
            try Self.append(part, to: &steps)
            steps.append(.jump(fork))
            steps[fork] = .fork(fork + 1, steps.count)
        }
    }
}
