import AuditLog
import Crypto
import Foundation
import Testing

@Suite("Verifying an export")
struct LogVerifierTests {
    let log: SampleLog
    let lines: [String]
    var key: VerifierKey { self.log.key.verifierKey }

    init() throws {
        self.log = try SampleLog()
        self.lines = try self.log.lines
    }

    @Test("A log that nobody touched is intact, and says what was checked", arguments: [1, 7, 100, 1 << 16])
    func intact(chunk: Int) throws {
        let result = verify(self.lines, keys: [self.key], chunk: chunk)
        #expect(result.problems == [])
        #expect(result.warnings == [])
        #expect(result.isIntact)
        #expect(result.origin == SampleLog.origin)
        #expect(result.recordCount == 20)
        #expect(result.redactedCount == 0)
        #expect(result.checkpointCount == 3)
        #expect(try result.head == Checkpoint(text: self.log.head.text))
        #expect(result.times == 1_795_519_380_000...1_795_520_548_500)
    }

    @Test("An empty log is intact")
    func emptyLog() throws {
        let log = try SampleLog(size: 0, checkpointsAt: [])
        let result = verify(try log.lines, keys: [log.key.verifierKey])
        #expect(result.problems == [])
        #expect(result.checkpointCount == 1)
        #expect(result.head?.size == 0)
        #expect(result.times == nil)
    }

    @Test("No byte of an export can be changed in a bit without a problem or a warning, whatever it is part of")
    func everyByte() throws {
        let bytes = Array(try SampleLog(size: 3, checkpointsAt: [2]).lines.map { $0 + "\n" }.joined().utf8)
        var generator = FixedGenerator(state: 9162)
        for at in bytes.indices.dropLast() {
            var changed = bytes
            changed[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            var verifier = LogVerifier(keys: [self.key])
            verifier.read(changed)
            let result = verifier.finish()
            #expect(!result.isIntact || !result.warnings.isEmpty, "byte \(at)")
        }
    }

    @Test("Every prefix of an export is found to be cut short")
    func everyPrefix() throws {
        let bytes = Array(try SampleLog(size: 3, checkpointsAt: [2]).lines.dropLast().map { $0 + "\n" }.joined().utf8)
        for end in stride(from: 0, to: bytes.count - 1, by: 3) {
            var verifier = LogVerifier(keys: [self.key])
            verifier.read(Array(bytes[..<end]))
            #expect(!verifier.finish().isIntact, "\(end) bytes")
        }
    }

    @Test("A log rewritten from some record on, and signed with another key, is refused")
    func foreignKey() throws {
        let forged = try SampleLog(keyByte: 0x2B)
        let result = verify(try forged.lines, keys: [self.key])
        #expect(
            result.problems == [
                .badHead(.noKnownSignature(signedBy: [SampleLog.origin])), .uncovered(records: 0..<20),
            ]
        )
        #expect(result.warnings == [.foreignCheckpoints(count: 3, firstLine: 7)])
        #expect(result.head == nil)
    }

    @Test("A log that signed twice under one origin is found by the checkpoint that was kept")
    func forkedLog() throws {
        let kept = try Checkpoint(text: #require(self.log.checkpoints[12]).text)
        #expect(verify(self.lines, keys: [self.key], extending: kept).problems == [])

        var fork = try SampleLog(size: 3, checkpointsAt: [])
        for index in 3..<20 { try fork.append(["forged": .integer(.init(clamping: index))], kind: "key.escrow") }
        try fork.sign()
        let result = verify(try fork.lines, keys: [self.key], extending: kept)
        #expect(result.problems == [.contradictsKept(size: 12)])
        #expect(verify(try fork.lines, keys: [self.key]).problems == [])
    }

    @Test("A log that was rolled back is found by the checkpoint that was kept")
    func rolledBack() throws {
        let kept = try Checkpoint(text: self.log.head.text)
        let yesterday = try SampleLog(size: 12, checkpointsAt: [5])
        #expect(
            verify(try yesterday.lines, keys: [self.key], extending: kept).problems == [.rolledBack(kept: 20, now: 12)]
        )
        let empty = Checkpoint(origin: SampleLog.origin, size: 0, root: MerkleTree.emptyRoot)
        #expect(verify(self.lines, keys: [self.key], extending: empty).problems == [])
        let other = Checkpoint(origin: "other", size: 0, root: MerkleTree.emptyRoot)
        #expect(
            verify(self.lines, keys: [self.key], extending: other).problems
                == [.keptOrigin(found: "other", expected: SampleLog.origin)]
        )
    }

    @Test("Without a key the export's own is believed, and the result says so")
    func trustOnFirstUse() {
        let result = verify(self.lines)
        #expect(result.isIntact)
        #expect(result.warnings == [.trustedOnFirstUse(keys: [self.key])])
        var lines = self.lines
        SampleTampering.renumber(&lines[9], by: 1)
        #expect(!verify(lines).isIntact)
    }

    @Test("Redacted records are counted, and do not break the log")
    func redacted() throws {
        var log = self.log
        log.redact(4)
        log.redact(17)
        let result = verify(try log.lines, keys: [self.key])
        #expect(result.problems == [])
        #expect(result.redactedCount == 2)
        #expect(result.recordCount == 20)
        #expect(result.warnings == [.redacted(count: 2, first: 4)])
    }

    @Test("Checkpoints by a key that was changed are passed over, with a warning")
    func changedKey() throws {
        let new = try SigningKey(name: SampleLog.origin, seed: SymmetricKey(data: [UInt8](repeating: 9, count: 32)))
        let head = try Checkpoint(text: self.log.head.text).signed(by: [self.log.key, new])
        var export: [UInt8] = []
        LogExport.appendHeader(origin: SampleLog.origin, keys: [self.key, new.verifierKey], head: head, to: &export)
        var lines = self.lines
        lines[0] = String(decoding: export.dropLast(), as: UTF8.self)
        #expect(verify(lines, keys: [self.key, new.verifierKey]).warnings == [])
        let result = verify(lines, keys: [new.verifierKey])
        #expect(result.problems == [])
        #expect(result.checkpointCount == 1)
        #expect(result.warnings == [.foreignCheckpoints(count: 3, firstLine: 7)])
    }

    @Test("A clock that was set back is a warning: the order is that of the indices")
    func clock() throws {
        var export: [UInt8] = []
        var range = CompactRange()
        var entries: [LogEntry] = []
        for time in [10, 20, 15, 15, 14, 30] as [Int64] {
            let salt = [UInt8](repeating: 1, count: 32)
            entries.append(try LogEntry(index: range.size, time: time, kind: "a", record: [:], salt: salt))
            range.append(entries[entries.count - 1].leaf.hash)
        }
        let head = try Checkpoint(origin: SampleLog.origin, range: range).signed(by: self.log.key)
        LogExport.appendHeader(origin: SampleLog.origin, keys: [], head: head, to: &export)
        for entry in entries { LogExport.appendEntry(entry, to: &export) }
        LogExport.appendCheckpoint(head, to: &export)
        var verifier = LogVerifier(keys: [self.key])
        verifier.read(export)
        let result = verifier.finish()
        #expect(result.problems == [])
        #expect(result.warnings == [.timeGoesBack(count: 2, first: 2)])
        #expect(result.times == 10...30)
    }

    @Test("A line without end is refused, and the lines after it are read")
    func endlessLine() {
        var lines = self.lines
        lines[9] = String(repeating: "x", count: 3 << 20)
        #expect(
            verify(lines, keys: [self.key]).problems
                == [.malformedLine(line: 10, record: 7, why: "it is longer than 1048576 bytes")]
        )
        lines[9] =
            String(repeating: " ", count: LogExport.maximumLineByteCount - self.lines[9].utf8.count) + self.lines[9]
        #expect(verify(lines, keys: [self.key]).problems == [])
        lines = [String(repeating: "x", count: 3 << 20)]
        #expect(verify(lines).problems == [.malformedHeader(why: "it is longer than 1048576 bytes")])
    }

    @Test("An export that went through a tool which wrote its JSON in another way is still intact")
    func reformatted() throws {
        let lines = try self.lines.map { line in
            let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return String(decoding: try JSONSerialization.data(withJSONObject: value), as: UTF8.self)
        }
        #expect(lines != self.lines)
        #expect(verify(lines, keys: [self.key]).problems == [])
    }

    @Test("Of very many problems the first 1,000 are listed and the others counted")
    func manyProblems() throws {
        let log = try SampleLog(size: 1_200, checkpointsAt: [])
        let lines = try log.lines.map { $0.replacing(#""policy""#, with: #""palicy""#) }
        let result = verify(lines, keys: [self.key])
        #expect(result.problems.count == LogVerifier.maximumProblemCount)
        #expect(result.problems.last == .changed(record: 999))
        #expect(result.warnings == [.moreProblems(count: 200)])
    }

    @Test("What a database held that was tampered with goes out as it is, on its own line")
    func tamperedRow() throws {
        var export: [UInt8] = []
        for leaf in ["not JSON", "{\n}", "", "{\"a\":\"\u{1}\"}"] {
            LogExport.appendEntry(index: 1, leaf: Array(leaf.utf8), salt: nil, record: [0xFF, 0x0A], to: &export)
        }
        #expect(export.count { $0 == 0x0A } == 4)
    }

    @Test("How far it is can be asked at any time")
    func progress() {
        var verifier = LogVerifier(keys: [self.key])
        #expect(verifier.progress == (0, nil))
        verifier.read(Array(self.lines[..<10].map { $0 + "\n" }.joined().utf8))
        #expect(verifier.progress == (8, 20))
    }

    @Test("The committed export is what is written today: the format has not changed unnoticed")
    func fixture() throws {
        let text = self.lines.map { $0 + "\n" }.joined()
        let file = Vectors.folder.appending(path: "export.jsonl")
        if ProcessInfo.processInfo.environment["AUDIT_LOG_WRITE_FIXTURE"] != nil {
            try Data(text.utf8).write(to: file)
            try Data((self.key.description + "\n").utf8).write(to: Vectors.folder.appending(path: "export.vkey"))
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }
}
