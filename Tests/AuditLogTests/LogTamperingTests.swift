import AuditLog
import Testing

@Suite("Tampering with an export")
struct LogTamperingTests {
    @Test("Each tampering is found, and the record is named", arguments: Self.tamperings)
    func tampering(_ tampering: Tampering) throws {
        let log = try SampleLog()
        var lines = try log.lines
        tampering.change(&lines)
        let problems = verify(lines, keys: [log.key.verifierKey]).problems
        #expect(problems == tampering.problems, "\(problems.map(\.description))")
    }

    /// What somebody does to an export, by its lines, and what the verifier must say.
    struct Tampering: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let problems: [LogProblem]
        let change: @Sendable (inout [String]) -> Void

        init(_ name: String, _ problems: [LogProblem], _ change: @escaping @Sendable (inout [String]) -> Void) {
            self.testDescription = name
            self.problems = problems
            self.change = change
        }
    }

    /// The lines are: 0 header, 1–5 records 0–4, 6 checkpoint, 7–13 records 5–11, 14 checkpoint, 15–22 records 12–19, 23 checkpoint.
    static let tamperings: [Tampering] = [
        Tampering("a record is changed", [.changed(record: 7)]) { $0[9].replace("allowed", with: "alluwed") },
        Tampering("two records are changed", [.changed(record: 0), .changed(record: 19)]) {
            $0[1].replace("allowed", with: "denied")
            $0[22].replace("user-1", with: "user-2")
        },
        Tampering("a number in a record is changed", [.changed(record: 5)]) { $0[7].replace("12", with: "13") },
        Tampering("a salt is changed", [.changed(record: 3)]) {
            $0[4].replace(#""salt":""#, with: #""salt":"AAAA"#, dropping: 4)
        },
        Tampering("a leaf's time is changed", [.rootMismatch(from: 5, to: 12)]) {
            $0[9].replace(#""t":17955"#, with: #""t":17954"#)
        },
        Tampering("a leaf's kind is changed", [.rootMismatch(from: 12, to: 20)]) {
            $0[15].replace(#""k":"key.escrow""#, with: #""k":"key.reveal""#)
        },
        Tampering("a leaf's commitment is changed", [.changed(record: 12), .rootMismatch(from: 12, to: 20)]) {
            $0[15].replace(#""c":""#, with: #""c":"AAAA"#, dropping: 4)
        },
        Tampering(
            "a leaf has a member too many",
            [
                .malformedLeaf(record: 12, why: "the leaf is malformed: it has more members than c, k, t and v"),
                .rootMismatch(from: 12, to: 20),
            ]
        ) { $0[15].replace(#","v":1"#, with: #","v":1,"x":1"#) },
        Tampering("a record is changed, and its leaf to fit", [.rootMismatch(from: 5, to: 12)]) {
            $0[9] = SampleTampering.rewritten($0[9], record: ["outcome": "denied"])
        },
        Tampering("a record is removed", [.missing(records: 7..<8)]) { $0.remove(at: 9) },
        Tampering("the first record is removed", [.missing(records: 0..<1)]) { $0.remove(at: 1) },
        Tampering("the last record is removed", [.missing(records: 19..<20)]) { $0.remove(at: 22) },
        Tampering("the last record before a checkpoint is removed", [.missing(records: 4..<5)]) { $0.remove(at: 5) },
        Tampering("records are removed in two places", [.missing(records: 2..<4), .missing(records: 13..<15)]) {
            $0.removeSubrange(16..<18)
            $0.removeSubrange(3..<5)
        },
        Tampering("records are removed across a checkpoint, which stays", [.missing(records: 4..<6)]) {
            $0.remove(at: 7)
            $0.remove(at: 5)
        },
        Tampering("a record is removed, and the others are numbered anew", [.rootMismatch(from: 12, to: 20)]) {
            $0.remove(at: 15)
            for line in 15..<22 { SampleTampering.renumber(&$0[line], by: -1) }
            $0.insert($0[21], at: 22)
            SampleTampering.renumber(&$0[22], by: 1)
        },
        Tampering("a record is inserted", [.duplicate(records: 7..<8)]) { $0.insert($0[9], at: 10) },
        Tampering("a copy of a record is inserted far away", [.duplicate(records: 7..<8)]) { $0.insert($0[9], at: 20) },
        Tampering(
            "a forged record is inserted before the one of its index",
            [.duplicate(records: 7..<8), .rootMismatch(from: 5, to: 12)]
        ) {
            $0.insert(SampleTampering.rewritten($0[9], record: ["outcome": "denied"]), at: 9)
        },
        Tampering(
            "a record is inserted, and the others are numbered anew",
            [.checkpointOutOfPlace(size: 20, after: 21), .uncovered(records: 12..<21)]
        ) {
            $0.insert(SampleTampering.rewritten($0[15], record: ["outcome": "denied"]), at: 15)
            for line in 16..<24 { SampleTampering.renumber(&$0[line], by: 1) }
        },
        Tampering("a record is appended", [.uncovered(records: 20..<21)]) {
            $0.append($0[22])
            SampleTampering.renumber(&$0[24], by: 1)
        },
        Tampering("two records are swapped", [.outOfOrder(records: 7..<8, after: 8)]) { $0.swapAt(9, 10) },
        Tampering("a record is moved to the end", [.outOfOrder(records: 2..<3, after: 19)]) {
            $0.append($0.remove(at: 3))
        },
        Tampering("a block of records is moved back", [.outOfOrder(records: 5..<8, after: 11)]) {
            let block = $0[7..<10]
            $0.removeSubrange(7..<10)
            $0.insert(contentsOf: block, at: 11)
        },
        Tampering("two records are swapped with their indices", [.rootMismatch(from: 5, to: 12)]) {
            $0.swapAt(9, 10)
            SampleTampering.renumber(&$0[9], by: -1)
            SampleTampering.renumber(&$0[10], by: 1)
        },
        Tampering("an index is changed", [.wrongIndex(record: 7, says: 77)]) {
            $0[9].replace(#""i":7,"#, with: #""i":77,"#)
        },
        Tampering("the last index is changed", [.wrongIndex(record: 19, says: 190)]) {
            $0[22].replace(#""i":19,"#, with: #""i":190,"#)
        },
        Tampering("a record is erased without its salt", [.halfRedacted(record: 7)]) {
            $0[9] = SampleTampering.edited($0[9]) { $0["record"] = .null }
        },
        Tampering("a salt is erased without its record", [.halfRedacted(record: 7)]) {
            $0[9] = SampleTampering.edited($0[9]) { $0["salt"] = nil }
        },
        Tampering("a line is spoiled", [.malformedLine(line: 10, record: 7, why: "this is not JSON (at byte 0)")]) {
            $0[9] = "x" + $0[9]
        },
        Tampering(
            "a line of something else is inserted",
            [.malformedLine(line: 10, record: 7, why: "it is neither an entry nor a checkpoint")]
        ) {
            $0.insert("{}", at: 9)
        },
        Tampering("a line is cut", [.malformedLine(line: 24, record: 20, why: "the value is cut short (at byte 40)")]) {
            $0[23] = String($0[23].prefix(40))
        },
        Tampering("the end is missing", [.cutShort(after: 15, size: 20)]) { $0.removeSubrange(18...) },
        Tampering("the end is missing after a checkpoint", [.cutShort(after: 12, size: 20)]) {
            $0.removeSubrange(15...)
        },
        Tampering("all but the header is missing", [.cutShort(after: 0, size: 20)]) { $0.removeSubrange(1...) },
        Tampering("the last line is missing, which the header has too", []) { $0.removeLast() },
        Tampering("a checkpoint that was kept is missing", []) { $0.remove(at: 14) },
        Tampering("a checkpoint is there twice", []) { $0.insert($0[14], at: 14) },
        Tampering("a checkpoint is moved forward", [.missing(records: 4..<5)]) {
            $0.swapAt(5, 6)
            $0.remove(at: 6)
        },
        Tampering("a checkpoint is moved back", [.checkpointOutOfPlace(size: 5, after: 6)]) { $0.swapAt(6, 7) },
        Tampering("checkpoints are swapped", [.outOfOrder(records: 5..<12, after: 11), .sizeGoesBack(from: 12, to: 5)])
        { $0.swapAt(6, 14) },
        Tampering(
            "a checkpoint's size is changed",
            [.badCheckpoint(line: 15, size: 12, .badSignature(keyName: SampleLog.origin))]
        ) {
            $0[14].replace(#"\n12\n"#, with: #"\n13\n"#)
        },
        Tampering(
            "a checkpoint's signature is forged",
            [.badCheckpoint(line: 24, size: 20, .badSignature(keyName: SampleLog.origin))]
        ) {
            $0[23] = SampleTampering.withForgedSignature($0[23])
        },
        Tampering("the header's checkpoint is forged", [.badHead(.badSignature(keyName: SampleLog.origin))]) {
            $0[0] = SampleTampering.withForgedSignature($0[0])
        },
        Tampering("the header is missing", [.malformedHeader(why: "the header is missing")]) { $0.removeFirst() },
        Tampering("the header is of another format", [.malformedHeader(why: "its format is not sparekey-audit-export")])
        {
            $0[0].replace("sparekey-audit-export", with: "sparekey-audit-expert")
        },
        Tampering(
            "the header is of a later version",
            [.malformedHeader(why: "its format version is not 1; verify it with a newer release")]
        ) {
            $0[0].replace(#""version":1"#, with: #""version":2"#)
        },
        Tampering(
            "a second export follows",
            [.malformedLine(line: 25, record: 20, why: "it is a second header: two exports were joined")]
        ) {
            $0.append($0[0])
        },
        Tampering("there is nothing", [.empty]) { $0 = [] },
        Tampering(
            "the header names another log",
            [.wrongOrigin(found: "escrow.example.org/audit/1", expected: SampleLog.origin)]
        ) {
            $0[0].replace(#""origin":"escrow.example.com"#, with: #""origin":"escrow.example.org"#)
        },
    ]
}
