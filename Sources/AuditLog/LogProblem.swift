/// Something that is wrong with a log, and where.
public enum LogProblem: Error, Hashable, Sendable {
    /// The file has no line at all.
    case empty
    /// The first line is not the header of an export.
    case malformedHeader(why: String)
    /// The log is not the one that was asked for.
    case wrongOrigin(found: String, expected: String)
    /// The checkpoint in the header is bad.
    case badHead(NoteError)
    /// A line cannot be read; `record` is the index that stood to be read there.
    case malformedLine(line: UInt64, record: UInt64, why: String)
    /// The leaf of a record has not the form that every leaf has.
    case malformedLeaf(record: UInt64, why: String)
    /// A record, its salt or its leaf was changed: they do not fit together any more.
    case changed(record: UInt64)
    /// Of record and salt only one was erased: a redaction takes both.
    case halfRedacted(record: UInt64)
    /// Records are not there, between others or at the end.
    case missing(records: Range<UInt64>)
    /// Records stand there a second time.
    case duplicate(records: Range<UInt64>)
    /// Records stand after a later one.
    case outOfOrder(records: Range<UInt64>, after: UInt64)
    /// The record between the one before and the one after this index says it is another.
    case wrongIndex(record: UInt64, says: UInt64)
    /// The export ends before its header's checkpoint.
    case cutShort(after: UInt64, size: UInt64)
    /// A checkpoint's signature is bad, or it is of another log; it stands after so many records.
    case badCheckpoint(line: UInt64, size: UInt64, NoteError)
    /// A checkpoint covers fewer records than one before it.
    case sizeGoesBack(from: UInt64, to: UInt64)
    /// A checkpoint stands after more records than it covers.
    case checkpointOutOfPlace(size: UInt64, after: UInt64)
    /// The records up to the checkpoint of this size are not those that were signed; up to the older size they are.
    case rootMismatch(from: UInt64, to: UInt64)
    /// No checkpoint covers these records: anybody could have written them.
    case uncovered(records: Range<UInt64>)
    /// The log is shorter than a checkpoint of it that was kept.
    case rolledBack(kept: UInt64, now: UInt64)
    /// The log does not begin with what a checkpoint that was kept vouches for.
    case contradictsKept(size: UInt64)
    /// The checkpoint that was kept is of another log.
    case keptOrigin(found: String, expected: String)
}

extension LogProblem: CustomStringConvertible {
    /// A sentence for people: which record, and what is wrong with it.
    public var description: String {
        switch self {
        case .empty: "the file is empty: there is no log in it"
        case .malformedHeader(let why): "line 1 is not the header of an audit log export: \(why)"
        case .wrongOrigin(let found, let expected): "this is the log \(found), not \(expected)"
        case .badHead(let error): "the header's checkpoint cannot be believed: \(error)"
        case .malformedLine(let line, let record, let why):
            "line \(line), where record \(record) or a checkpoint should be, cannot be read: \(why)"
        case .malformedLeaf(let record, let why): "record \(record): \(why)"
        case .changed(let record): "record \(record) was changed: it is not the one that its leaf commits to"
        case .halfRedacted(let record): "record \(record) has lost its record or its salt, but not both"
        case .missing(let records): "\(Self.text(records)) missing"
        case .duplicate(let records): "\(Self.text(records)) there twice: inserted, or copied"
        case .outOfOrder(let records, let after): "\(Self.text(records)) out of order, after record \(after)"
        case .wrongIndex(let record, let says): "record \(record) says it is record \(says): its index was changed"
        case .cutShort(let after, let size):
            "the export ends after \(after) records, and its checkpoint covers \(size): "
                + "\(Self.text(after..<size)) missing at the end"
        case .badCheckpoint(let line, let size, let error): "line \(line), after \(size) records: \(error)"
        case .sizeGoesBack(let from, let to):
            "a checkpoint of \(to) records follows one of \(from): it was moved or forged"
        case .checkpointOutOfPlace(let size, let after):
            "a checkpoint of \(size) records stands after \(after) records: records were inserted, or it was moved"
        case .rootMismatch(let from, let to):
            "records \(from) to \(to - 1) are not those that were signed: at least one of them was changed, removed, "
                + "inserted or moved"
        case .uncovered(let records): "\(Self.text(records)) covered by no checkpoint: nothing vouches for that"
        case .rolledBack(let kept, let now):
            "you kept a checkpoint of \(kept) records, and the log has \(now): it was rolled back"
        case .contradictsKept(let size):
            "the first \(size) records are not those of the checkpoint you kept: the log's past was changed"
        case .keptOrigin(let found, let expected):
            "the checkpoint you kept is of the log \(found), and this is \(expected)"
        }
    }

    private static func text(_ records: Range<UInt64>) -> String {
        let last = records.upperBound - 1
        return last == records.lowerBound ? "record \(last) is" : "records \(records.lowerBound) to \(last) are"
    }
}

/// Something about a log that need not be wrong, but that who verifies it must know.
public enum LogWarning: Hashable, Sendable, CustomStringConvertible {
    /// No verifier key was given, so the export's own were used: they prove that nobody changed the export after who wrote it.
    case trustedOnFirstUse(keys: [VerifierKey])
    /// Records were erased, their leaves are there.
    case redacted(count: UInt64, first: UInt64)
    /// Records that are older than the one before them.
    case timeGoesBack(count: UInt64, first: UInt64)
    /// Checkpoints that none of the keys signed which were given; they were passed over.
    case foreignCheckpoints(count: UInt64, firstLine: UInt64)
    /// Checkpoints whose root could not be checked, since something before them is wrong.
    case uncheckedCheckpoints(count: UInt64)
    /// There were more problems than are listed.
    case moreProblems(count: UInt64)

    /// A sentence for people.
    public var description: String {
        switch self {
        case .trustedOnFirstUse(let keys):
            "no verifier key was given, so the one in the export was believed: \(keys.map(\.description).joined(separator: " ")). "
                + "Compare it with the key that the log's owner published"
        case .redacted(let count, let first):
            "\(count) records were redacted, the first is \(first): their time and kind are proven, their content is gone"
        case .timeGoesBack(let count, let first):
            "\(count) records are older than the one before them, the first is \(first): the server's clock was set back"
        case .foreignCheckpoints(let count, let firstLine):
            "\(count) checkpoints are signed by none of the keys you gave, the first is line \(firstLine); "
                + "that is right only if the log's key was changed"
        case .uncheckedCheckpoints(let count):
            "\(count) checkpoints could not be checked against the records, because of the problems before them"
        case .moreProblems(let count): "\(count) more problems are not listed"
        }
    }
}
