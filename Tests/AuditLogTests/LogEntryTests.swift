import AuditLog
import Crypto
import Testing

@Suite("Log entries")
struct LogEntryTests {
    static let salt = (0..<32).map { UInt8($0) }
    static let record: CanonicalJSON.Object = ["actor": "alice", "outcome": "allowed"]

    private func entry(_ record: CanonicalJSON.Object = Self.record) throws -> LogEntry {
        try LogEntry(index: 7, time: 1_795_519_380_123, kind: "key.reveal", record: record, salt: Self.salt)
    }

    @Test("The leaf is canonical JSON of commitment, kind, time and version, to the byte")
    func leafBytes() throws {
        let entry = try self.entry()
        let record = Array(#"{"actor":"alice","outcome":"allowed"}"#.utf8)
        #expect(entry.content?.record == record)
        let mac = Array(HMAC<SHA256>.authenticationCode(for: record, using: SymmetricKey(data: Self.salt)))
        #expect(entry.leaf.commitment == mac)
        #expect(
            String(decoding: entry.leaf.bytes, as: UTF8.self)
                == #"{"c":"Z4BLSydE396jUqExTf0JsoVWy8CkMe863TfaM9CQ_L0","k":"key.reveal","t":1795519380123,"v":1}"#
        )
        #expect(try CanonicalJSON(parsing: entry.leaf.bytes).bytes == entry.leaf.bytes)
        #expect(entry.leaf.hash.bytes == NaiveTree.hash([0] + entry.leaf.bytes))
    }

    @Test("The commitment is HMAC-SHA256 for records of every length around a block")
    func commitments() throws {
        for length in 0..<140 {
            let record: CanonicalJSON.Object = ["r": .string(String(repeating: "x", count: length))]
            let entry = try self.entry(record)
            let mac = HMAC<SHA256>.authenticationCode(for: record.bytes, using: SymmetricKey(data: Self.salt))
            #expect(entry.leaf.commitment == Array(mac))
        }
    }

    @Test("An entry comes back from what was stored of it")
    func stored() throws {
        let entry = try self.entry()
        let back = try LogEntry(
            index: 7,
            leaf: entry.leaf.bytes,
            salt: entry.content?.salt,
            record: entry.content?.record
        )
        #expect(back == entry)
    }

    @Test("A redacted entry has the same leaf, and comes back from its leaf alone")
    func redacted() throws {
        let entry = try self.entry().redacted
        #expect(entry.content == nil)
        #expect(try entry.leaf.hash == self.entry().leaf.hash)
        #expect(try LogEntry(index: 7, leaf: entry.leaf.bytes, salt: nil, record: nil) == entry)
    }

    @Test("A stored record, salt or commitment that was changed in any bit is refused")
    func changed() throws {
        let entry = try self.entry()
        let content = try #require(entry.content)
        for at in content.record.indices {
            var record = content.record
            record[at] ^= 1
            #expect(throws: LogEntryError.commitmentMismatch(index: 7)) {
                try LogEntry(index: 7, leaf: entry.leaf.bytes, salt: content.salt, record: record)
            }
        }
        for at in content.salt.indices {
            var salt = content.salt
            salt[at] ^= 0x80
            #expect(throws: LogEntryError.commitmentMismatch(index: 7)) {
                try LogEntry(index: 7, leaf: entry.leaf.bytes, salt: salt, record: content.record)
            }
        }
        for at in entry.leaf.bytes.indices {
            var leaf = entry.leaf.bytes
            leaf[at] ^= 1
            guard let other = try? LogEntry(index: 7, leaf: leaf, salt: content.salt, record: content.record) else {
                continue
            }
            // Kind and time are not part of the commitment; the tree holds them.
            #expect(other.leaf.hash != entry.leaf.hash)
        }
        #expect(throws: LogEntryError.halfRedacted(index: 7)) {
            try LogEntry(index: 7, leaf: entry.leaf.bytes, salt: content.salt, record: nil)
        }
        #expect(throws: LogEntryError.halfRedacted(index: 7)) {
            try LogEntry(index: 7, leaf: entry.leaf.bytes, salt: nil, record: content.record)
        }
    }

    @Test(
        "What is not a leaf is refused",
        arguments: [
            "", "1", "{}", #"{"c":"x","k":"a","t":1,"v":1}"#, LogEntryTests.leaf(v: "2"),
            LogEntryTests.leaf(v: "\"1\""),
            LogEntryTests.leaf(t: "-1"), LogEntryTests.leaf(t: "1.5"), LogEntryTests.leaf(t: "null"),
            LogEntryTests.leaf(k: "\"\""),
            LogEntryTests.leaf(k: "\"a b\""), LogEntryTests.leaf(k: "1"), LogEntryTests.leaf(c: "\"AAAA\""),
            LogEntryTests.leaf(c: "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""),
            LogEntryTests.leaf(c: "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\""),
            LogEntryTests.leaf(c: "null"), LogEntryTests.leaf().replacing(",", with: ", "),
            LogEntryTests.leaf().replacing("}", with: ",\"z\":1}"),
            #"{"k":"a","c":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","t":1,"v":1}"#,
        ]
    )
    func notALeaf(text: String) {
        #expect(throws: LogEntryError.self) { try LogLeaf(bytes: Array(text.utf8)) }
    }

    @Test("The leaf that the table of refusals is made from is a leaf")
    func goodLeaf() throws {
        #expect(try LogLeaf(bytes: Array(Self.leaf().utf8)).kind == "a")
    }

    static func leaf(
        c: String = "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
        k: String = "\"a\"",
        t: String = "1",
        v: String = "1"
    ) -> String {
        #"{"c":\#(c),"k":\#(k),"t":\#(t),"v":\#(v)}"#
    }

    @Test("What could not be verified later is refused before it is on the log")
    func refused() throws {
        func make(
            time: Int64 = 0,
            kind: String = "a",
            record: CanonicalJSON.Object = [:],
            salt: [UInt8] = Self.salt
        ) throws -> LogEntry {
            try LogEntry(index: 0, time: time, kind: kind, record: record, salt: salt)
        }
        #expect(throws: LogEntryError.timeOutOfRange(-1)) { try make(time: -1) }
        #expect(throws: LogEntryError.timeOutOfRange(1 << 53)) { try make(time: 1 << 53) }
        #expect(throws: LogEntryError.invalidKind) { try make(kind: "") }
        #expect(throws: LogEntryError.invalidKind) { try make(kind: "a\"b") }
        #expect(throws: LogEntryError.invalidKind) { try make(kind: String(repeating: "a", count: 65)) }
        #expect(throws: LogEntryError.invalidSalt) { try make(salt: []) }
        #expect(throws: LogEntryError.invalidSalt) { try make(salt: Self.salt + [0]) }
        let long: CanonicalJSON.Object = ["x": .string(String(repeating: "x", count: 65_535 - 8))]
        #expect(try make(record: long).content?.record.count == 65_535)
        #expect(throws: LogEntryError.recordTooLong(byteCount: 65_536)) {
            try make(record: ["x": .string(String(repeating: "x", count: 65_536 - 8))])
        }
        func nested(_ depth: Int) -> CanonicalJSON { depth == 0 ? 1 : ["x": nested(depth - 1)] }
        _ = try make(record: ["x": nested(15)])
        #expect(throws: LogEntryError.recordTooDeep) { try make(record: ["x": nested(16)]) }
    }

    @Test("A salt is 32 bytes of what the generator gives, never the same twice")
    func salts() {
        var generator = FixedGenerator(state: 1)
        let salts = (0..<100).map { _ in LogEntry.salt(using: &generator) }
        #expect(salts.allSatisfy { $0.count == LogEntry.saltByteCount })
        #expect(Set(salts).count == 100)
    }
}
