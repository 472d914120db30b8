import AuditLog
import EscrowModel

/// What was found when the log was started.
package enum LogStart: Equatable, Sendable {
    /// A new log was begun.
    case new
    /// The log goes on from so many entries, and its anchor agrees; or no anchor was asked for.
    case continued(size: Int64)
    /// The log goes on from so many entries, but its anchor's file is not there: nothing outside bears witness of
    /// it. It is written anew.
    case continuedWithoutAnchor(size: Int64)
}

extension Writer {
    /// Takes up the log, after its head was checked against its last entries, its signature and its anchor; or
    /// begins one.
    func startLog(signingKey: SigningKey, anchorPath: String?) throws(StoreError) -> LogStart {
        guard self.log == nil else { throw .unavailable(.logStarted) }
        let origin = signingKey.verifierKey.name
        let reader = Reader(connection: self.connection)
        let anchor = anchorPath.map { LogAnchor(path: $0) }
        let anchored = try anchor?.checkpoint(signedBy: signingKey)
        let found = try reader.logHead()
        if let found { try reader.check(found, signingKey: signingKey, origin: origin) }
        if let anchor, let anchored {
            try reader.check(found?.edge ?? CompactRange(), against: anchored, in: anchor)
        }
        let head = if let found { found } else { try self.beginLog(signingKey: signingKey, origin: origin) }
        try self.fillTiles(ofLogOf: head.size)
        if let anchor {
            anchor.note(head.note)
            anchor.flush()
            if let problem = anchor.problem { throw anchor.broken("it cannot be written: \(problem)") }
        }
        self.log = LogAppender(head: head, signingKey: signingKey)
        self.anchor = anchor
        guard found != nil else { return .new }
        return anchor != nil && anchored == nil && head.size > 0
            ? .continuedWithoutAnchor(size: head.size) : .continued(size: head.size)
    }

    private func beginLog(signingKey: SigningKey, origin: String) throws(StoreError) -> LogHead {
        let edge = CompactRange()
        let note = try LogAppender.note(origin: origin, edge: edge, signingKey: signingKey)
        try self.runAlone { transaction throws(StoreError) in
            _ = try transaction.connection.run(
                LogSQL.insertHead,
                .text(origin),
                .bytes(edge.root.bytes),
                .bytes(edge.bytes),
                .bytes(note)
            )
        }
        return LogHead(origin: origin, edge: edge, note: note, lastTime: 0)
    }
}

extension Reader {
    /// Checks that the head is what the log's key signed and what follows from the last entries. How many it looks
    /// at does not grow with the log: `audit verify` checks all of them.
    fileprivate func check(_ head: LogHead, signingKey: SigningKey, origin: String) throws(StoreError) {
        guard head.origin == origin else { throw .refused(.otherOrigin(found: head.origin, expected: origin)) }
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint(verifying: SignedNote(parsing: head.note), by: [signingKey.verifierKey])
        } catch {
            throw .refused(.brokenHead("\(error)"))
        }
        guard Int64(checkpoint.size) == head.size, checkpoint.root == head.root else {
            throw .refused(.brokenHead("its signed checkpoint is another one"))
        }
        // One entry less than kept, so that leaves are read even where the head itself is kept.
        let earlier = try self.lastCheckpoint(upTo: head.size - 1)?.edge ?? CompactRange()
        let edge: CompactRange
        do { edge = try self.edge(at: head.size, from: earlier) } catch {
            guard case .corrupt(let place) = error else { throw error }
            throw .refused(.brokenHead(place))
        }
        guard edge == head.edge else { throw .refused(.brokenHead("the last entries give another root")) }
    }

    /// Checks that the log is the one that was anchored, or that one and more.
    fileprivate func check(
        _ head: CompactRange,
        against anchored: Checkpoint,
        in anchor: LogAnchor
    ) throws(StoreError) {
        let size = Int64(anchored.size)
        guard head.size >= anchored.size else {
            throw .refused(.olderThanAnchor(path: anchor.path, size: Int64(head.size), anchored: size))
        }
        let root = head.size == anchored.size ? head.root : try self.edge(at: size).root
        guard root == anchored.root else { throw .refused(.forkedFromAnchor(path: anchor.path, anchored: size)) }
    }
}

extension LogAnchor {
    /// The checkpoint in the file, which the log's key must have signed; nil when there is no file.
    fileprivate func checkpoint(signedBy key: SigningKey) throws(StoreError) -> Checkpoint? {
        guard let bytes = try self.read() else { return nil }
        do {
            return try Checkpoint(verifying: SignedNote(parsing: bytes), by: [key.verifierKey])
        } catch {
            throw self.broken("\(error)")
        }
    }
}
