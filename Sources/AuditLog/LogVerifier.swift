/// Verifies an export as it streams by, in memory that does not grow with the log.
///
/// It goes on after a problem, so that all of them can be named: a changed record does not hide a missing one. Only the roots cannot be
/// checked any more once the tree before them is not whole.
public struct LogVerifier {
    /// Problems beyond this many are counted, not kept.
    public static let maximumProblemCount = 1_000

    private var lines = LineSplitter()
    private var lineNumber: UInt64 = 0
    private var log: LogReading?
    private let expectedKeys: [VerifierKey]
    private let kept: Checkpoint?
    private var earlyProblem: LogProblem?

    /// Starts to verify.
    ///
    /// - Parameters:
    ///   - keys: the verifier keys of the log that is expected. Without any, the export's own are believed, and a warning says so.
    ///   - kept: a checkpoint of the log that the caller verified earlier, and which the log must extend.
    public init(keys: [VerifierKey] = [], extending kept: Checkpoint? = nil) {
        self.expectedKeys = keys.filter { $0.algorithm == .ed25519 }
        self.kept = kept
    }

    /// Takes the next bytes of the file, cut anywhere.
    public mutating func read(_ bytes: [UInt8]) {
        self.lines.add(bytes)
        while let line = self.lines.next() { self.take(line) }
    }

    /// Ends the file, and says what was found; nothing may be read after it.
    public mutating func finish() -> LogVerification {
        if let line = self.lines.last() { self.take(line) }
        if let verification = self.log?.finish() { return verification }
        return LogVerification(
            origin: "",
            recordCount: 0,
            redactedCount: 0,
            times: nil,
            checkpointCount: 0,
            head: nil,
            problems: [self.earlyProblem ?? .empty],
            warnings: []
        )
    }

    /// How many records were read, and of how many, once the header told; for a progress bar.
    public var progress: (read: UInt64, of: UInt64?) { self.log?.progress ?? (0, nil) }

    private mutating func take(_ line: LineSplitter.Line) {
        self.lineNumber += 1
        guard self.earlyProblem == nil else { return }
        do throws(LogExportLine.Malformed) {
            guard case .whole(let bytes) = line else {
                throw LogExportLine.Malformed(description: "it is longer than \(LogExport.maximumLineByteCount) bytes")
            }
            let parsed = try LogExportLine(parsing: bytes)
            if self.log != nil {
                try self.log?.take(parsed, line: self.lineNumber)
            } else if case .header(let header) = parsed {
                self.log = LogReading(header: header, expectedKeys: self.expectedKeys, kept: self.kept)
            } else {
                throw LogExportLine.Malformed(description: "the header is missing")
            }
        } catch {
            if self.log != nil {
                self.log?.takeMalformed(line: self.lineNumber, why: error.description)
            } else {
                self.earlyProblem = .malformedHeader(why: error.description)
            }
        }
    }
}
