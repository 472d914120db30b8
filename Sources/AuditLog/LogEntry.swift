/// One event on the log: its leaf, which is for ever, and its content, which may be erased.
public struct LogEntry: Hashable, Sendable {
    /// The record of an event with the salt that hides it.
    public struct Content: Hashable, Sendable {
        /// 32 random bytes: without them nobody can guess a record from its commitment.
        public let salt: [UInt8]
        /// The record's canonical JSON.
        public let record: [UInt8]
    }

    /// How many bytes a salt has.
    public static let saltByteCount = 32
    /// How long the canonical JSON of a record may be, in bytes.
    public static let maximumRecordByteCount = 65_535

    /// The position in the log, from 0.
    public let index: UInt64
    /// What the tree commits to.
    public let leaf: LogLeaf
    /// The record and its salt; nil once they were erased (redacted).
    public let content: Content?

    /// Makes the entry for an event.
    ///
    /// - Parameters:
    ///   - index: the size of the log before it.
    ///   - time: in milliseconds since 1970.
    ///   - kind: such as `key.reveal`; see ``LogLeaf/kind``.
    ///   - record: who did what to what, and how it ended. Never a secret.
    ///   - salt: 32 bytes; see ``salt(using:)``. Never used twice.
    public init(
        index: UInt64,
        time: Int64,
        kind: String,
        record: CanonicalJSON.Object,
        salt: [UInt8]
    ) throws(LogEntryError) {
        guard CanonicalJSON.object(record).depth <= CanonicalJSON.maximumDepth else { throw .recordTooDeep }
        let record = record.bytes
        guard record.count <= Self.maximumRecordByteCount else { throw .recordTooLong(byteCount: record.count) }
        guard salt.count == Self.saltByteCount else { throw .invalidSalt }
        let commitment = LogLeaf.commitment(to: record, salt: salt)
        self.index = index
        self.leaf = try LogLeaf(time: time, kind: kind, commitment: commitment)
        self.content = Content(salt: salt, record: record)
    }

    /// Takes up an entry as it was stored, and checks that leaf and content belong together.
    ///
    /// - Parameters:
    ///   - leaf: the leaf's bytes.
    ///   - salt: the salt; nil with the record when the entry is redacted.
    ///   - record: the record's canonical bytes; nil with the salt when the entry is redacted.
    public init(index: UInt64, leaf: [UInt8], salt: [UInt8]?, record: [UInt8]?) throws(LogEntryError) {
        self.index = index
        self.leaf = try LogLeaf(bytes: leaf)
        switch (salt, record) {
        case (let salt?, let record?):
            guard salt.count == Self.saltByteCount else { throw .invalidSalt }
            guard LogLeaf.commitment(to: record, salt: salt) == self.leaf.commitment else {
                throw .commitmentMismatch(index: index)
            }
            self.content = Content(salt: salt, record: record)
        case (nil, nil): self.content = nil
        default: throw .halfRedacted(index: index)
        }
    }

    private init(redacting entry: LogEntry) {
        self.index = entry.index
        self.leaf = entry.leaf
        self.content = nil
    }

    /// The entry with its record and salt erased; its leaf, and so every proof, stays.
    public var redacted: LogEntry { LogEntry(redacting: self) }

    /// Makes the salt of one entry.
    ///
    /// The generator must be cryptographically secure, such as `SystemRandomNumberGenerator`.
    public static func salt(using generator: inout some RandomNumberGenerator) -> [UInt8] {
        var salt: [UInt8] = []
        salt.reserveCapacity(Self.saltByteCount)
        for _ in 0..<4 {
            let word: UInt64 = generator.next()
            withUnsafeBytes(of: word) { salt.append(contentsOf: $0) }
        }
        return salt
    }
}

/// Why an entry cannot be on the log, or is not what was put there.
public enum LogEntryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The time is before 1970 or beyond 2^53 - 1 milliseconds.
    case timeOutOfRange(Int64)
    /// The kind is empty, too long, or has other characters than it may.
    case invalidKind
    /// The salt is not 32 bytes.
    case invalidSalt
    /// The record's canonical JSON is longer than 65,535 bytes.
    case recordTooLong(byteCount: Int)
    /// The record nests objects and arrays more than 16 deep.
    case recordTooDeep
    /// The bytes are not a leaf.
    case malformedLeaf(String)
    /// The record is not the one that the leaf commits to.
    case commitmentMismatch(index: UInt64)
    /// Of record and salt only one was erased.
    case halfRedacted(index: UInt64)

    /// A sentence for people.
    public var description: String {
        switch self {
        case .timeOutOfRange(let time): "the time \(time) is not between 0 and 2^53 - 1 milliseconds since 1970"
        case .invalidKind: "the kind of an entry must be 1 to 64 of letters, digits, dot, hyphen and underscore"
        case .invalidSalt: "the salt of an entry must be 32 bytes"
        case .recordTooLong(let count):
            "a record may be 65,535 bytes long and this one has \(count); shorten its free text"
        case .recordTooDeep: "a record may nest objects and arrays 16 deep"
        case .malformedLeaf(let why): "the leaf is malformed: \(why)"
        case .commitmentMismatch(let index):
            "record \(index) was changed: it is not the one that its leaf commits to"
        case .halfRedacted(let index): "record \(index) has lost its record or its salt, but not both"
        }
    }
}
