import AuditLog
import BitLocker
import EscrowCrypto
import EscrowModel
import EscrowOpener
import Foundation
import Synchronization

/// An opener with a keyring, a log that it follows, and a clock that tests turn.
final class OpenerFixture: Sendable {
    /// A log that a server keeps: entries, and checkpoints that its key signs.
    struct Log: Sendable {
        let key: SigningKey
        private(set) var edge = CompactRange()

        init(key: SigningKey) { self.key = key }

        var note: [UInt8] {
            get throws {
                try Checkpoint(origin: self.key.verifierKey.name, range: self.edge).signed(by: self.key).bytes
            }
        }

        /// Puts entries on the log, and gives what is told of it.
        mutating func append(_ entries: [LogEntry]) throws -> LogExtension {
            let from = self.edge.size
            for entry in entries { self.edge.append(entry.leaf.hash) }
            return LogExtension(from: from, hashes: entries.map(\.leaf.hash), note: try self.note)
        }
    }

    static let secret = "111683-110022-220033-330044-440055-550066-660077-007007"
    static let start = Timestamp(seconds: 1_800_000_000)

    let directory: URL
    let session: OpenerSession
    /// Where the opener keeps how far it has seen the log.
    let state: OpenerStateFile
    let keys: ServerKeys
    let document: [UInt8]
    let log: Mutex<Log>

    /// - Parameter caps: the opener's caps.
    init(caps: OpeningCaps.Limits = OpeningCaps.Limits(), follows: Bool = true) async throws {
        self.directory = FileManager.default.temporaryDirectory.appending(path: "sparekey-opener-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: true)
        let keyring = try await Keyring.create(under: Self.masterKey("correct horse battery"), at: Self.start)
        self.keys = keyring.serverKeys
        self.document = keyring.document.json
        self.log = Mutex(Log(key: try SigningKey(name: "example.com/audit", seed: keyring.auditLogSeed)))
        let clock = Clock()
        self.clock = clock
        self.state = OpenerStateFile(path: self.directory.appending(path: "opener.checkpoint").path) { _ in }
        self.session = Self.session(self.state, caps: caps, clock: clock)
        _ = await self.session.answer(.start(document: self.document, masterKey: Self.reference, suite: .p256))
        if follows { try await self.follow(with: self.session) }
    }

    deinit { try? FileManager.default.removeItem(at: self.directory) }

    let clock: Clock

    final class Clock: Sendable {
        private let value = Mutex(OpenerFixture.start)
        var now: Timestamp { self.value.withLock { $0 } }
        func advance(by span: TimeSpan) { self.value.withLock { $0 = $0 + span } }
    }

    static let reference = MasterKeyReference(["passphrase": "correct horse battery"])

    private static func masterKey(_ passphrase: String) -> PassphraseMasterKey {
        PassphraseMasterKey(SecretBytes(copying: Array(passphrase.utf8).span), cost: ScryptCost(logN: 10))
    }

    private static func session(_ state: OpenerStateFile, caps: OpeningCaps.Limits, clock: Clock) -> OpenerSession {
        OpenerSession(
            OpenerSession.Surroundings(
                caps: caps,
                state: state,
                resolver: { reference, _, _ in Self.masterKey(reference.settings["passphrase"] ?? "") },
                clock: { clock.now }
            )
        )
    }

    /// Another opener, as after a restart: of the same keyring, with what the first has kept.
    func restarted() async throws -> OpenerSession {
        self.state.flush()
        let session = Self.session(self.state, caps: OpeningCaps.Limits(), clock: self.clock)
        _ = await session.answer(.start(document: self.document, masterKey: Self.reference, suite: .p256))
        return session
    }

    /// Shows an opener the log as it is.
    func follow(with session: OpenerSession) async throws {
        let (key, edge, note) = try self.log.withLock { ($0.key.verifierKey, $0.edge, try $0.note) }
        _ = await session.answer(.follow(key: key.description))
        _ = await session.answer(.trust(edge: edge, note: note))
    }

    /// A secret sealed for a device.
    func sealed(device: UInt64 = 1, protector: UInt64 = 5) throws -> SealedSecret {
        let context = SealContext(
            device: GUID(high: device, low: 2),
            volume: GUID(high: 3, low: 4),
            protector: GUID(high: protector, low: 6),
            kind: .recoveryPassword,
            keyVersion: 1
        )
        let sealer = try self.keys.document.sealer()
        return SealedSecret(try sealer.seal(Array(Self.secret.utf8).span, context: context), context: context)
    }

    /// The entry of a disclosure, at the log's end, not on it yet.
    func entry(
        for sealed: SealedSecret,
        kind: String = "key.disclosed",
        role: String = "helpdesk",
        principal: String = "client:1",
        outcome: String = "success",
        change: (inout CanonicalJSON.Object) -> Void = { _ in }
    ) throws -> LogEntry {
        var record: CanonicalJSON.Object = [
            "kind": .string(kind),
            "outcome": .string(outcome),
            "action": "revealKey",
            "caller": .object([
                "principal": .string(principal), "role": .string(role), "name": "n", "scope": "everything",
            ]),
            "device": .string(sealed.context.device.description),
            "volume": .string(sealed.context.volume.description),
            "protector": .string(sealed.context.protector.description),
            "detail": "recoveryPassword",
        ]
        change(&record)
        var generator = SystemRandomNumberGenerator()
        return try LogEntry(
            index: self.log.withLock { $0.edge.size },
            time: self.clock.now.milliseconds,
            kind: kind,
            record: record,
            salt: LogEntry.salt(using: &generator)
        )
    }

    /// Puts an entry on the log, shows the opener, and gives the evidence.
    func commit(_ entry: LogEntry) throws -> LogEvidence {
        let more = try self.log.withLock { try $0.append([entry]) }
        _ = self.session.extend(more)
        return Self.evidence(entry)
    }

    static func evidence(_ entry: LogEntry, index: UInt64? = nil) -> LogEvidence {
        LogEvidence(
            index: index ?? entry.index,
            leaf: entry.leaf.bytes,
            record: entry.content?.record ?? [],
            salt: entry.content?.salt ?? []
        )
    }

    /// What the opener answers: the secret, or why not.
    func open(_ sealed: SealedSecret, _ evidence: LogEvidence, with session: OpenerSession? = nil) -> String {
        Self.text((session ?? self.session).open([(sealed, evidence)]).first)
    }

    static func text(_ answer: OpenerAnswer?) -> String {
        switch answer {
        case .secret(let secret)?: secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        case .failed(let error)?: error.description
        default: "something else"
        }
    }
}
