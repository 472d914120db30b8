import AuditLog
import BitLocker
import EscrowModel

/// Puts events on the audit log, a batch at a time. Belongs to the one connection that writes.
///
/// The head is held here between batches; that nobody else moved it is checked by the database when a batch ends.
struct LogAppender {
    /// After so many entries at most a signed checkpoint is kept, but for the rest of a batch.
    static let keptEvery: Int64 = 1024

    let signingKey: SigningKey
    private(set) var head: LogHead
    private var edge: CompactRange
    private var lastTime: Int64
    /// The hashes of the leaves that the present batch has put on the log.
    private var leaves: [TreeHash] = []
    private var keepsNext = true
    private var salts = SaltSource()

    /// Goes on from a head that was checked.
    init(head: LogHead, signingKey: SigningKey) {
        self.head = head
        self.signingKey = signingKey
        self.edge = head.edge
        self.lastTime = head.lastTime
    }

    /// Whether the present batch has put anything on the log.
    var hasAppended: Bool { self.edge.size > self.head.edge.size }

    /// Forgets what the present batch has put on the log, after it was rolled back.
    mutating func forget() {
        self.edge = self.head.edge
        self.lastTime = self.head.lastTime
        self.leaves = []
    }

    /// What was added since this was last asked for, once the batch is durable; nil when that is nothing.
    mutating func takeExtension() -> LogExtension? {
        guard !self.leaves.isEmpty else { return nil }
        defer { self.leaves = [] }
        let from = self.head.edge.size - UInt64(self.leaves.count)
        return LogExtension(from: from, hashes: self.leaves, note: self.head.note)
    }

    /// Puts one operation's events on the log, and gives their entries. When it throws, the operation must be rolled
    /// back, and the log is as before.
    mutating func append(
        _ events: [AuditEvent],
        now: Timestamp,
        on connection: Connection
    ) throws(StoreError) -> [LogEntry] {
        guard !events.isEmpty else { return [] }
        var entries: [LogEntry] = []
        var leaves: [TreeHash] = []
        let time = max(now.milliseconds, self.lastTime)
        var edge = self.edge
        // An operation's events are about one device, nearly always.
        var group: (device: GUID, name: String?)?
        for event in events {
            let record = AuditRecord(event)
            if let device = record.device, device != group?.device {
                group = (device, try Self.group(of: device, on: connection))
            }
            let entry: LogEntry
            do {
                entry = try LogEntry(
                    index: edge.size,
                    time: time,
                    kind: record.kind,
                    record: record.json,
                    salt: self.salts.next()
                )
            } catch {
                throw .constraint(.allowedValue)
            }
            try Self.insert(entry, record, group: record.device == nil ? nil : group?.name, on: connection)
            let leaf = entry.leaf.hash
            for (node, hash) in edge.appending(leaf) {
                try LogTileSQL.insert(node, hash, on: connection)
            }
            entries.append(entry)
            leaves.append(leaf)
        }
        self.edge = edge
        self.leaves += leaves
        self.lastTime = time
        return entries
    }

    /// Signs the head that follows and puts it in place of the one before. False when that is not there any more:
    /// somebody else writes to the log, and nothing may be committed.
    mutating func replaceHead(on connection: Connection) throws(StoreError) -> Bool {
        let note = try Self.note(origin: self.head.origin, edge: self.edge, signingKey: self.signingKey)
        let old = self.head
        let head = LogHead(origin: old.origin, edge: self.edge, note: note, lastTime: self.lastTime)
        let changed = try connection.run(
            LogSQL.replaceHead,
            .integer(head.size),
            .bytes(head.root.bytes),
            .bytes(head.edge.bytes),
            .bytes(note),
            .integer(head.lastTime),
            .integer(old.size),
            .bytes(old.root.bytes)
        )
        guard changed == 1 else { return false }
        if self.keepsNext || old.size / Self.keptEvery != head.size / Self.keptEvery {
            try connection.run(
                LogSQL.insertCheckpoint,
                .integer(head.size),
                .bytes(head.edge.bytes),
                .bytes(note)
            )
            self.keepsNext = false
        }
        self.head = head
        return true
    }

    /// Signs the checkpoint of a log's head.
    static func note(origin: String, edge: CompactRange, signingKey: SigningKey) throws(StoreError) -> [UInt8] {
        do {
            return try Checkpoint(origin: origin, range: edge).signed(by: signingKey).bytes
        } catch {
            throw .refused(.brokenHead("it cannot be signed: \(error)"))
        }
    }

    private static func group(of device: GUID, on connection: Connection) throws(StoreError) -> String? {
        try connection.first(LogSQL.deviceGroup, .guid(device)) { row throws(StoreError) in try row.text() }
    }

    private static func insert(
        _ entry: LogEntry,
        _ record: AuditRecord,
        group: String?,
        on connection: Connection
    ) throws(StoreError) {
        try connection.run(
            LogSQL.insertEntry,
            .integer(Int64(entry.index)),
            .integer(entry.leaf.time),
            .text(entry.leaf.kind),
            .bytes(entry.leaf.commitment),
            .text(record.principal),
            .text(record.name),
            .guid(record.device),
            .text(group),
            .text(record.source),
            .word(record.outcome),
            entry.content.map { .bytes($0.salt) } ?? .null,
            entry.content.map { .bytes($0.record) } ?? .null
        )
    }
}
