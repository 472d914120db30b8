import AuditLog
import BitLocker
import Crypto
import EscrowCrypto
import EscrowModel
import EscrowServer
import EscrowService
import EscrowStore
import Glibc
import HTTPTypes
import Logging

/// A store with as many keys as one wants, each of another device, and the server's routes over it without a network.
struct BenchStock {
    /// A key by its number; the same number is the same key each time.
    struct Key {
        /// The device ID.
        let device: GUID
        /// The volume ID.
        let volume: GUID
        /// The key protector ID.
        let protector: GUID
        /// The device's name.
        let name: String
        /// One in a hundred has failed.
        let hasFailed: Bool

        /// The key with a number.
        init(number: Int) {
            self.device = Self.scattered(number, 1)
            self.volume = Self.scattered(number, 2)
            self.protector = Self.scattered(number, 3)
            self.name = "LAPTOP-\(number)"
            self.hasFailed = number % 100 == 7
        }

        /// A GUID that looks like a random one: SplitMix64's output function.
        private static func scattered(_ number: Int, _ what: UInt64) -> GUID {
            GUID(high: Self.mixed(UInt64(number) * 8 + what), low: Self.mixed(UInt64(number) * 8 + what + 4))
        }

        private static func mixed(_ value: UInt64) -> UInt64 {
            var mixed = value &* 0x9E37_79B9_7F4A_7C15
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
    }

    private static let keysAtOnce = 5000
    private static let keysInOperation = 20

    /// How many keys there are.
    let keys: Int
    private let path: String
    private let store: Store
    private let responder: LocalResponder

    /// Makes a store and fills it.
    init(directory: String, keys: Int, progress: (Int, Int) -> Void) async throws {
        self.keys = keys
        self.path = directory + "/scale-\(keys).db"
        let keyFile = directory + "/scale-\(keys).key"
        var generator = SystemRandomNumberGenerator()
        let now = Installation.clock()
        let keyring = try await Keyring.create(under: FileMasterKey.create(path: keyFile, using: &generator), at: now)
        self.store = try Store.open(path: self.path, clock: Installation.clock)
        let signingKey = try SigningKey(name: "sparekey/bench", seed: keyring.auditLogSeed)
        try await self.store.startLog(signingKey: signingKey, anchor: nil)
        let service = EscrowService(
            store: self.store,
            keys: try EscrowKeys(keyring),
            logKey: signingKey.verifierKey,
            settings: EscrowSettings(),
            clock: Installation.clock
        )
        self.responder = LocalResponder(
            service: service,
            clock: Installation.clock,
            logger: Logger(label: "sparekey") { _ in SwiftLogNoOpLogHandler() }
        )
        let sealed = try Self.sealedSample(keyring)
        for start in stride(from: 0, to: keys, by: Self.keysAtOnce) {
            progress(start, keys)
            try await self.fill(start..<min(start + Self.keysAtOnce, keys), sealed: sealed, at: now)
        }
    }

    /// Puts keys in by operations that share a transaction. Not by one large one: SQLite keeps what undoes an operation in a
    /// list that it walks at each statement.
    private func fill(_ numbers: Range<Int>, sealed: [UInt8], at now: Timestamp) async throws {
        let store = self.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: Self.keysInOperation) {
                let part = start..<min(start + Self.keysInOperation, numbers.upperBound)
                group.addTask {
                    try await store.write { (transaction) throws(StoreError) in
                        for number in part {
                            try Self.insert(Key(number: number), sealed: sealed, at: now, in: transaction)
                        }
                        return .routine(())
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Asks one of the server's routes, as the operator; throws when it does not answer 200.
    func answer(to target: String) async throws -> [UInt8] {
        let answer = try await self.responder.respond(.get, target)
        guard answer.status == .ok else { throw Failure("\(target) is answered with \(answer.status)") }
        return try await answer.body()
    }

    /// How large the database is, with nothing left in its write-ahead log.
    func bytesOnDisk() async throws -> Int {
        _ = try await self.store.checkpoint()
        let file = open(self.path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Failure("cannot open \(self.path): \(SmallFile.reason)") }
        defer { Glibc.close(file) }
        return Int(lseek(file, 0, SEEK_END))
    }

    /// Lets the files go.
    func close() async { await self.store.close() }

    private static func insert(
        _ key: Key,
        sealed: [UInt8],
        at now: Timestamp,
        in transaction: Transaction
    ) throws(StoreError) {
        let device = try transaction.insert(
            NewDevice(
                id: key.device,
                facts: DeviceFacts(
                    name: key.name,
                    serial: "PF\(key.name)",
                    owner: "\(key.name)@example.com",
                    operatingSystem: "Windows 11 24H2"
                ),
                group: "everyone",
                credential: [UInt8](repeating: 0x30, count: 91),
                enrolledAt: now
            )
        )
        let report = VolumeReport(
            id: key.volume,
            kind: .operatingSystem,
            label: "C:",
            protection: .on,
            protectors: [ReportedProtector(id: key.protector, kind: .recoveryPassword)]
        )
        let status =
            key.hasFailed
            ? EscrowStatus(.failed, .deadlinePassed, since: now) : EscrowStatus(.escrowed, .none, since: now)
        let volume = try transaction.insert(report, of: device, status: status)
        _ = try transaction.insert(
            NewKey(
                volume: volume,
                protectorID: key.protector,
                kind: .recoveryPassword,
                version: 1,
                proof: .proven,
                proofReason: nil,
                depositedAt: now,
                provenAt: now,
                fingerprint: [UInt8](repeating: 0x5A, count: 32),
                sealed: sealed
            )
        )
    }

    /// A sealed recovery password: the same for all, as nobody opens it here.
    private static func sealedSample(_ keyring: Keyring) throws -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        let context = SealContext(
            device: .random(using: &generator),
            volume: .random(using: &generator),
            protector: .random(using: &generator),
            kind: .recoveryPassword,
            keyVersion: 1
        )
        let password = RecoveryPassword.generate(using: &generator)
        let digits = password.withDigits { digits in digits.indices.map { digits[$0] } }
        return try keyring.sealer().seal(digits.span, context: context)
    }
}
