/// What is known of a log while its export is read: the state of ``LogVerifier`` once it has the header.
struct LogReading {
    private let origin: String
    private let keys: [VerifierKey]
    private let head: Checkpoint?
    private let kept: Checkpoint?

    /// The tree over the records so far; of no use any more once `isTreeWhole` is false.
    private var range = CompactRange()
    private var isTreeWhole = true
    /// The index that the next record should have.
    private var next: UInt64 = 0
    /// A record whose index is not the next one, until the line after it shows why.
    private var held: LogExportLine.Entry?
    /// Whether a line that could not be read may have been the record that should be next.
    private var mayHaveMissedOne = false
    /// Gaps, so that a record which comes late is told from one which is there twice. Bounded like the problems.
    private var gaps: [Range<UInt64>] = []

    private var recordCount: UInt64 = 0
    private var redacted: (count: UInt64, first: UInt64) = (0, 0)
    private var timeGoesBack: (count: UInt64, first: UInt64) = (0, 0)
    private var lastTime: Int64?
    private var times: ClosedRange<Int64>?

    private var goodCheckpoints: UInt64 = 0
    private var uncheckedCheckpoints: UInt64 = 0
    private var foreignCheckpoints: (count: UInt64, firstLine: UInt64) = (0, 0)
    private var lastGood: Checkpoint?
    private var lastSize: UInt64 = 0

    private var problems: [LogProblem] = []
    private var unlistedProblems: UInt64 = 0
    private var warnings: [LogWarning] = []

    init(header: LogExportLine.Header, expectedKeys: [VerifierKey], kept: Checkpoint?) {
        self.origin = header.origin
        self.kept = kept?.origin.utf8.elementsEqual(header.origin.utf8) == true ? kept : nil
        let ownKeys = header.keys.filter { $0.algorithm == .ed25519 && $0.name.utf8.elementsEqual(header.origin.utf8) }
        self.keys = expectedKeys.isEmpty ? ownKeys : expectedKeys
        var head: Checkpoint?
        var found: [LogProblem] = []
        if expectedKeys.isEmpty { self.warnings.append(.trustedOnFirstUse(keys: ownKeys)) }
        if let expected = expectedKeys.first?.name, !expected.utf8.elementsEqual(header.origin.utf8) {
            found.append(.wrongOrigin(found: header.origin, expected: expected))
        }
        if let kept, !kept.origin.utf8.elementsEqual(header.origin.utf8) {
            found.append(.keptOrigin(found: kept.origin, expected: header.origin))
        }
        do throws(NoteError) { head = try Checkpoint(verifying: header.head, by: self.keys) } catch {
            found.append(.badHead(error))
        }
        self.head = head
        self.problems = found
        self.checkKept()
    }

    mutating func take(_ line: LogExportLine, line number: UInt64) throws(LogExportLine.Malformed) {
        switch line {
        case .header: throw LogExportLine.Malformed(description: "it is a second header: two exports were joined")
        case .entry(let entry): self.take(entry)
        case .checkpoint(let note): self.take(note, line: number)
        }
    }

    mutating func takeMalformed(line: UInt64, why: String) {
        self.settle(before: nil)
        self.report(.malformedLine(line: line, record: self.next, why: why))
        self.mayHaveMissedOne = true
    }

    /// How many records were read, and how many the export says it has.
    var progress: (read: UInt64, of: UInt64?) { (self.recordCount, self.head?.size) }
}

// MARK: Records

extension LogReading {
    private mutating func take(_ entry: LogExportLine.Entry) {
        self.skipUnreadable(upTo: entry.index)
        self.settle(before: entry.index)
        if entry.index == self.next {
            self.place(entry, at: entry.index)
        } else {
            self.held = entry
        }
    }

    /// Decides about the record that is held, now that it is known what comes after it.
    ///
    /// Only this tells a record whose index was changed from one before which others are missing.
    private mutating func settle(before index: UInt64?) {
        guard let held = self.held else { return }
        self.held = nil
        if index == self.next + 1 {
            self.report(.wrongIndex(record: self.next, says: held.index))
            self.place(held, at: self.next)
        } else {
            self.place(held, at: held.index)
        }
    }

    private mutating func place(_ entry: LogExportLine.Entry, at index: UInt64) {
        guard self.takePlace(of: index) else { return }
        self.recordCount += 1
        self.range.append(MerkleTree.leafHash(of: entry.leaf.bytes))
        do throws(LogEntryError) {
            let leaf = try LogLeaf(json: entry.leaf)
            self.take(time: leaf.time, of: index)
            self.check(entry, at: index, against: leaf)
        } catch {
            self.report(.malformedLeaf(record: index, why: error.description))
        }
        self.checkKept()
    }

    /// Finds the place of an index in the order; false when the record is there already.
    private mutating func takePlace(of index: UInt64) -> Bool {
        if index >= self.next {
            self.leaveGap(upTo: index)
            self.next = index + 1
            return true
        }
        guard let gap = self.gaps.firstIndex(where: { $0.contains(index) }) else {
            self.report(.duplicate(records: index..<index + 1))
            return false
        }
        let range = self.gaps.remove(at: gap)
        let rest = [range.lowerBound..<index, index + 1..<range.upperBound].filter { !$0.isEmpty }
        self.gaps.insert(contentsOf: rest, at: gap)
        self.report(.outOfOrder(records: index..<index + 1, after: self.next - 1))
        return true
    }

    private mutating func leaveGap(upTo index: UInt64) {
        guard index > self.next else { return }
        self.isTreeWhole = false
        if self.gaps.count < LogVerifier.maximumProblemCount {
            self.gaps.append(self.next..<index)
        } else {
            self.unlistedProblems += 1
        }
    }

    /// An unreadable line that stands where exactly one record lacks was that record: it was named, and is not missing.
    private mutating func skipUnreadable(upTo index: UInt64) {
        if self.mayHaveMissedOne, index == self.next + 1 {
            self.next += 1
            self.isTreeWhole = false
        }
        self.mayHaveMissedOne = false
    }

    private mutating func check(_ entry: LogExportLine.Entry, at index: UInt64, against leaf: LogLeaf) {
        switch (entry.salt, entry.record) {
        case (nil, nil):
            if self.redacted.count == 0 { self.redacted.first = index }
            self.redacted.count += 1
        case (let salt?, let record?):
            if LogLeaf.commitment(to: record.bytes, salt: salt) != leaf.commitment {
                self.report(.changed(record: index))
            }
        default: self.report(.halfRedacted(record: index))
        }
    }

    private mutating func take(time: Int64, of index: UInt64) {
        if let last = self.lastTime, time < last {
            if self.timeGoesBack.count == 0 { self.timeGoesBack.first = index }
            self.timeGoesBack.count += 1
        }
        self.lastTime = time
        self.times = self.times.map { min($0.lowerBound, time)...max($0.upperBound, time) } ?? time...time
    }
}

// MARK: Checkpoints

extension LogReading {
    private mutating func take(_ note: SignedNote, line: UInt64) {
        do throws(NoteError) {
            self.take(try Checkpoint(verifying: note, by: self.keys))
        } catch {
            if case .noKnownSignature = error {
                // A key that was rotated away may have made it, or a forger: either way it vouches for nothing.
                if self.foreignCheckpoints.count == 0 { self.foreignCheckpoints.firstLine = line }
                self.foreignCheckpoints.count += 1
            } else {
                self.report(.badCheckpoint(line: line, size: self.next, error))
            }
        }
    }

    private mutating func take(_ checkpoint: Checkpoint) {
        self.skipUnreadable(upTo: checkpoint.size)
        self.settle(before: checkpoint.size)
        if checkpoint.size < self.lastSize {
            self.report(.sizeGoesBack(from: self.lastSize, to: checkpoint.size))
            return
        }
        if checkpoint.size < self.next {
            self.report(.checkpointOutOfPlace(size: checkpoint.size, after: self.next))
            return
        }
        self.leaveGap(upTo: checkpoint.size)
        self.next = checkpoint.size
        defer { self.lastSize = checkpoint.size }
        guard self.isTreeWhole else {
            self.uncheckedCheckpoints += 1
            return
        }
        guard checkpoint.root == self.range.root else {
            self.report(.rootMismatch(from: self.lastGood?.size ?? 0, to: checkpoint.size))
            self.isTreeWhole = false
            return
        }
        self.goodCheckpoints += 1
        self.lastGood = checkpoint
    }

    /// Compares with the checkpoint that the caller kept, when just so many records were read.
    private mutating func checkKept() {
        guard let kept = self.kept, kept.size == self.range.size, self.isTreeWhole else { return }
        if kept.root != self.range.root { self.report(.contradictsKept(size: kept.size)) }
    }
}

// MARK: The end

extension LogReading {
    private mutating func report(_ problem: LogProblem) {
        if let last = self.problems.last, let joined = Self.joined(last, problem) {
            self.problems[self.problems.count - 1] = joined
        } else if self.problems.count < LogVerifier.maximumProblemCount {
            self.problems.append(problem)
        } else {
            self.unlistedProblems += 1
        }
    }

    /// Many records in a row with the same problem are one problem.
    private static func joined(_ first: LogProblem, _ second: LogProblem) -> LogProblem? {
        switch (first, second) {
        case (.missing(let first), .missing(let second)) where first.upperBound == second.lowerBound:
            .missing(records: first.lowerBound..<second.upperBound)
        case (.duplicate(let first), .duplicate(let second)) where first.upperBound == second.lowerBound:
            .duplicate(records: first.lowerBound..<second.upperBound)
        case (.outOfOrder(let first, let after), .outOfOrder(let second, let secondAfter))
        where first.upperBound == second.lowerBound && after == secondAfter:
            .outOfOrder(records: first.lowerBound..<second.upperBound, after: after)
        default: nil
        }
    }

    mutating func finish() -> LogVerification {
        self.end()
        return LogVerification(
            origin: self.origin,
            recordCount: self.recordCount,
            redactedCount: self.redacted.count,
            times: self.times,
            checkpointCount: self.goodCheckpoints,
            head: self.lastGood,
            problems: self.problems,
            warnings: self.warnings
        )
    }

    private mutating func end() {
        self.settle(before: self.head?.size)
        if let head = self.head {
            self.skipUnreadable(upTo: head.size)
            // Where only the last line is gone, the header has the same checkpoint.
            if head.size == self.next, head.size > self.lastSize { self.take(head) }
        }
        if let head = self.head, head.size > self.next {
            self.report(.cutShort(after: self.next, size: head.size))
        } else if self.next > self.lastSize {
            self.report(.uncovered(records: self.lastSize..<self.next))
        }
        for gap in self.gaps { self.report(.missing(records: gap)) }
        if let kept = self.kept, kept.size > self.next {
            self.report(.rolledBack(kept: kept.size, now: self.next))
        }
        if self.redacted.count > 0 {
            self.warnings.append(.redacted(count: self.redacted.count, first: self.redacted.first))
        }
        if self.timeGoesBack.count > 0 {
            self.warnings.append(.timeGoesBack(count: self.timeGoesBack.count, first: self.timeGoesBack.first))
        }
        if self.foreignCheckpoints.count > 0 {
            self.warnings.append(
                .foreignCheckpoints(count: self.foreignCheckpoints.count, firstLine: self.foreignCheckpoints.firstLine)
            )
        }
        if self.uncheckedCheckpoints > 0 {
            self.warnings.append(.uncheckedCheckpoints(count: self.uncheckedCheckpoints))
        }
        if self.unlistedProblems > 0 { self.warnings.append(.moreProblems(count: self.unlistedProblems)) }
    }
}
