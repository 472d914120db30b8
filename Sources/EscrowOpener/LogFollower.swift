package import AuditLog

/// Follows a log by its leaves' hashes and signed checkpoints, and knows the last of its leaves.
///
/// A pure value: all it believes is a checkpoint that the log's key signed and whose root follows from the one before.
package struct LogFollower: Sendable {
    /// How many leaves are remembered.
    package static let reach = 65_536

    /// The log's key.
    package let key: VerifierKey
    /// The tree under the last checkpoint that was verified.
    package private(set) var edge: CompactRange
    /// That checkpoint.
    package private(set) var note: [UInt8]
    /// Why the log is not followed any more; nil while it is.
    package private(set) var loss: OpenerRefusal?
    /// The tree with leaves that are not under a checkpoint yet.
    private var ahead: CompactRange
    /// The index of the first leaf that was seen since the start.
    private let start: UInt64
    private var leaves: [TreeHash] = []
    private var used: [Bool] = []

    /// Begins at a tree and its signed checkpoint, which are believed as they are if they belong together.
    package init(key: VerifierKey, edge: CompactRange, note: [UInt8]) throws(OpenerRefusal) {
        self.key = key
        self.edge = edge
        self.note = note
        self.ahead = edge
        self.start = edge.size
        try Self.check(note, of: edge, by: key)
    }

    /// Takes up what was added. When it does not follow from what was seen, the log is lost from then on.
    package mutating func extend(_ more: LogExtension) throws(OpenerRefusal) {
        if let loss = self.loss { throw loss }
        do throws(OpenerRefusal) {
            guard more.from == self.ahead.size else {
                throw .logLost("it goes on from \(more.from) entries, and \(self.ahead.size) were seen")
            }
            for hash in more.hashes { self.append(hash) }
            guard let note = more.note else { return }
            try Self.check(note, of: self.ahead, by: self.key)
            self.edge = self.ahead
            self.note = note
        } catch {
            self.loss = error
            throw error
        }
    }

    /// Checks that an entry is under a verified checkpoint, recent enough to be remembered, and was not used before.
    package func check(_ hash: TreeHash, at index: UInt64) throws(OpenerRefusal) {
        if let loss = self.loss { throw loss }
        guard index < self.edge.size else { throw .notUnderCheckpoint(index: index, size: self.edge.size) }
        guard index >= self.start, self.ahead.size - index <= UInt64(Self.reach) else {
            throw .outOfReach(index: index)
        }
        guard self.leaves[Self.place(of: index)] == hash else { throw .otherLeaf(index: index) }
        guard !self.used[Self.place(of: index)] else { throw .usedBefore(index: index) }
    }

    /// Remembers that an entry was used, after it was checked.
    package mutating func use(_ index: UInt64) { self.used[Self.place(of: index)] = true }

    private mutating func append(_ hash: TreeHash) {
        let place = Self.place(of: self.ahead.size)
        // What comes first may be anywhere in the ring: fill it once, when the first leaf comes.
        if self.leaves.isEmpty {
            self.leaves = Array(repeating: hash, count: Self.reach)
            self.used = Array(repeating: false, count: Self.reach)
        }
        self.leaves[place] = hash
        self.used[place] = false
        self.ahead.append(hash)
    }

    private static func place(of index: UInt64) -> Int { Int(index % UInt64(Self.reach)) }

    private static func check(_ note: [UInt8], of edge: CompactRange, by key: VerifierKey) throws(OpenerRefusal) {
        let checkpoint: Checkpoint
        do throws(NoteError) {
            checkpoint = try Checkpoint(verifying: SignedNote(parsing: note), by: [key])
        } catch {
            throw .logLost("its checkpoint is not signed by its key: \(error)")
        }
        guard checkpoint.size == edge.size else {
            throw .logLost("its checkpoint has \(checkpoint.size) entries and \(edge.size) were shown")
        }
        guard checkpoint.root == edge.root else {
            throw .logLost("its checkpoint of \(edge.size) entries does not extend the one that was seen before")
        }
    }
}
