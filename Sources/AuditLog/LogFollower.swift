/// Follows a served log from a checkpoint that was verified before to the present one: that the one begins with the other, by
/// tiles of hashes, and what the entries since are, by their lines.
///
/// Nothing here reads anything: who follows a log asks for ``tiles``, and feeds what came.
public struct LogFollower: Sendable {
    /// The tiles of hashes that are needed: a few for each power of 256 of the log's size.
    public let tiles: [TileCoordinate]
    private let kept: Checkpoint
    private let head: Checkpoint
    private var range = CompactRange()

    /// Starts to follow a log. Throws what the two checkpoints alone already show.
    ///
    /// - Parameters:
    ///   - kept: the checkpoint that was verified before; nil for none, as if the log had been empty.
    ///   - head: the present one, whose signature was verified.
    public init(from kept: Checkpoint?, to head: Checkpoint) throws(LogFollowProblem) {
        let start = Checkpoint(origin: head.origin, size: 0, root: MerkleTree.emptyRoot)
        let kept = kept ?? start
        guard kept.origin.utf8.elementsEqual(head.origin.utf8) else {
            throw .otherLog(found: head.origin, expected: kept.origin)
        }
        guard kept.size <= head.size else { throw .rolledBack(from: kept.size, to: head.size) }
        guard kept.size < head.size || kept.root == head.root else { throw .rewritten(size: kept.size) }
        self.kept = kept
        self.head = head
        var wanted: Set<TileCoordinate> = []
        // Asked for nodes only to learn which; what they come to does not matter yet.
        let note = { (node: TreeNode) -> TreeHash in
            if let tile = TileCoordinate(containing: node, inLogOf: head.size) { wanted.insert(tile) }
            return MerkleTree.emptyRoot
        }
        _ = MerkleTree.root(ofSize: head.size, hash: note)
        _ = CompactRange(size: kept.size, hash: note)
        _ = ConsistencyProof(from: kept.size, to: head.size, hash: note)
        self.tiles = wanted.sorted { $0.path < $1.path }
    }

    /// Checks that the log of the present checkpoint begins with that of the one before.
    ///
    /// - Parameter tiles: the bytes of every tile that was wanted.
    public mutating func check(_ tiles: [TileCoordinate: [UInt8]]) throws(LogFollowProblem) {
        var read: [TileCoordinate: HashTile] = [:]
        for (coordinate, bytes) in tiles {
            guard let tile = HashTile(coordinate, bytes: bytes) else { throw .malformedTile(coordinate.path) }
            read[coordinate] = tile
        }
        let head = self.head
        let hash = { (node: TreeNode) throws(LogFollowProblem) -> TreeHash in
            guard let coordinate = TileCoordinate(containing: node, inLogOf: head.size), let tile = read[coordinate],
                let hash = tile.hash(of: node)
            else { throw .malformedTile("") }
            return hash
        }
        guard try MerkleTree.root(ofSize: head.size, hash: hash) == head.root else {
            throw .tilesDoNotFit(size: head.size)
        }
        let range = try CompactRange(size: self.kept.size, hash: hash)
        guard range.root == self.kept.root else { throw .inconsistent(from: self.kept.size, to: head.size) }
        if let proof = try ConsistencyProof(from: self.kept.size, to: head.size, hash: hash) {
            // The old root came out of the same tiles, so it is the hashes after it that are wrong.
            do throws(ProofError) { try proof.verify(oldRoot: self.kept.root, newRoot: head.root) } catch {
                throw .tilesDoNotFit(size: head.size)
            }
        }
        self.range = range
    }

    /// How many entries were followed so far, those before the kept checkpoint included.
    public var size: UInt64 { self.range.size }

    /// Takes the next line of the log's records, after ``check(_:)``.
    ///
    /// - Parameter keys: the log's keys, for the checkpoints on the way.
    public mutating func take(line: [UInt8], keys: [VerifierKey]) throws(LogFollowProblem) {
        let parsed: LogExportLine
        do throws(LogExportLine.Malformed) { parsed = try LogExportLine(parsing: line) } catch {
            throw .malformedLine(after: self.range.size, why: error.description)
        }
        switch parsed {
        case .header: break
        case .entry(let entry): try self.take(entry)
        case .checkpoint(let note):
            // One that an older key signed vouches for nothing, and is passed over.
            guard let checkpoint = try? Checkpoint(verifying: note, by: keys) else { return }
            guard checkpoint.size == self.range.size, checkpoint.root == self.range.root else {
                throw .recordsDoNotFit(size: checkpoint.size)
            }
        }
    }

    private mutating func take(_ entry: LogExportLine.Entry) throws(LogFollowProblem) {
        guard entry.index == self.range.size else { throw .wrongIndex(found: entry.index, expected: self.range.size) }
        let leaf: LogLeaf
        do throws(LogEntryError) { leaf = try LogLeaf(json: entry.leaf) } catch {
            throw .malformedLine(after: self.range.size, why: error.description)
        }
        switch (entry.salt, entry.record) {
        case (nil, nil): break
        case (let salt?, let record?):
            guard LogLeaf.commitment(to: record.bytes, salt: salt) == leaf.commitment else {
                throw .changed(record: entry.index)
            }
        default: throw .halfRedacted(record: entry.index)
        }
        self.range.append(leaf.hash)
        if self.range.size == self.head.size, self.range.root != self.head.root {
            throw .recordsDoNotFit(size: self.head.size)
        }
    }

    /// Ends the records: all up to a checkpoint, the present one or a later, must have come.
    public func finish(at end: Checkpoint) throws(LogFollowProblem) {
        guard self.range.size >= end.size, self.range.size >= self.head.size else {
            throw .missing(from: self.range.size, to: max(end.size, self.head.size))
        }
        guard self.range.size == end.size, self.range.root == end.root else { throw .recordsDoNotFit(size: end.size) }
    }
}

/// Why a served log is not the one that was verified before, grown.
public enum LogFollowProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is another log.
    case otherLog(found: String, expected: String)
    /// It has fewer entries than before.
    case rolledBack(from: UInt64, to: UInt64)
    /// It has as many entries, and others.
    case rewritten(size: UInt64)
    /// It has more entries, and does not begin with those that it had.
    case inconsistent(from: UInt64, to: UInt64)
    /// The hashes it serves do not lead to the root that it signed.
    case tilesDoNotFit(size: UInt64)
    /// What it serves is no tile.
    case malformedTile(String)
    /// What it serves is no record.
    case malformedLine(after: UInt64, why: String)
    /// A record stands where another should.
    case wrongIndex(found: UInt64, expected: UInt64)
    /// A record, its salt or its leaf was changed.
    case changed(record: UInt64)
    /// A record has lost its record or its salt, but not both.
    case halfRedacted(record: UInt64)
    /// The records it serves do not lead to the root that it signed.
    case recordsDoNotFit(size: UInt64)
    /// Records were kept back.
    case missing(from: UInt64, to: UInt64)

    /// A sentence for people.
    public var description: String {
        switch self {
        case .otherLog(let found, let expected):
            "this is the log \(found), and \(expected) was verified before; for a new installation give another --state"
        case .rolledBack(let old, let new): "the log had \(old) records and now has \(new): it was rolled back"
        case .rewritten(let size), .inconsistent(let size, _):
            "the log's first \(size) records are not those that were verified before: its past was changed"
        case .tilesDoNotFit(let size):
            "the hashes that the server has do not lead to the root it signed at \(size) records"
        case .malformedTile(let path): "what the server sent as \(path) is no tile"
        case .malformedLine(let index, let why): "record \(index) cannot be read: \(why)"
        case .wrongIndex(let found, let expected):
            found > expected
                ? "records \(expected) to \(found - 1) are missing" : "record \(found) stands where \(expected) should"
        case .changed(let index): "record \(index) was changed: it is not the one that its leaf commits to"
        case .halfRedacted(let index): "record \(index) has lost its record or its salt, but not both"
        case .recordsDoNotFit(let size):
            "the records up to \(size) are not those that were signed: one was changed with its leaf, removed, inserted or moved"
        case .missing(let from, let to): "records \(from) to \(to - 1) are missing"
        }
    }
}
