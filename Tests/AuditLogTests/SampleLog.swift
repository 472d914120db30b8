import AuditLog
import Crypto

/// A small log with everything in it that an export can have, the same on every run.
struct SampleLog {
    static let origin = "escrow.example.com/audit/1"

    let key: SigningKey
    private(set) var entries: [LogEntry] = []
    private(set) var checkpoints: [UInt64: SignedNote] = [:]
    private var range = CompactRange()
    private var generator = FixedGenerator(state: 6962)

    /// A log of a size with checkpoints at some sizes, and at the end.
    init(size: Int = 20, checkpointsAt sizes: [UInt64] = [5, 12], origin: String = Self.origin, keyByte: UInt8 = 0x2A)
        throws
    {
        self.key = try SigningKey(name: origin, seed: SymmetricKey(data: [UInt8](repeating: keyByte, count: 32)))
        for index in 0..<size {
            try self.append(Self.record(index), kind: index % 4 == 3 ? "key.reveal" : "key.escrow")
            if sizes.contains(self.range.size) { try self.sign() }
        }
        try self.sign()
    }

    mutating func append(_ record: CanonicalJSON.Object, kind: String) throws {
        let index = self.range.size
        let time = 1_795_519_380_000 + Int64(index) * 61_500
        let salt = LogEntry.salt(using: &self.generator)
        let entry = try LogEntry(index: index, time: time, kind: kind, record: record, salt: salt)
        self.range.append(entry.leaf.hash)
        self.entries.append(entry)
    }

    mutating func sign() throws {
        self.checkpoints[self.range.size] = try Checkpoint(origin: self.key.verifierKey.name, range: self.range).signed(
            by: self.key
        )
    }

    mutating func redact(_ index: Int) { self.entries[index] = self.entries[index].redacted }

    var head: SignedNote {
        get throws { try Checkpoint(origin: self.key.verifierKey.name, range: self.range).signed(by: self.key) }
    }

    /// The export, a line an element, without newlines.
    var lines: [String] {
        get throws {
            var export: [UInt8] = []
            LogExport.appendHeader(
                origin: self.key.verifierKey.name,
                keys: [self.key.verifierKey],
                head: try self.head,
                to: &export
            )
            if let note = self.checkpoints[0] { LogExport.appendCheckpoint(note, to: &export) }
            for entry in self.entries {
                LogExport.appendEntry(entry, to: &export)
                if let note = self.checkpoints[entry.index + 1] { LogExport.appendCheckpoint(note, to: &export) }
            }
            return String(decoding: export, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    /// Plausible, and with what is hard to write canonically.
    static func record(_ index: Int) -> CanonicalJSON.Object {
        [
            "action": index % 4 == 3 ? "key.reveal" : "key.escrow",
            "actor": [
                "id": .string("user-\(index % 3)"), "name": .string(["Ada", "Zoë \"Z\" Müller", "李雷 😀"][index % 3]),
            ],
            "device": "8f595209-f5b9-49a0-85d4-cb8f80258c27",
            "outcome": index % 7 == 6 ? "denied" : "allowed",
            "reason": index % 4 == 3 ? .string("locked out\n\tafter update \\ \(index)") : .null,
            "policy": ["rules": [1, 2, .integer(.init(clamping: index))], "revision": 12],
            "proven": .bool(index % 2 == 0),
        ]
    }
}

/// Verifies an export that is given by its lines.
func verify(
    _ lines: [String],
    keys: [VerifierKey] = [],
    extending kept: Checkpoint? = nil,
    chunk: Int = 1 << 16
) -> LogVerification {
    var verifier = LogVerifier(keys: keys, extending: kept)
    let bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
    for start in stride(from: 0, to: bytes.count, by: chunk) {
        verifier.read(Array(bytes[start..<min(start + chunk, bytes.count)]))
    }
    return verifier.finish()
}
