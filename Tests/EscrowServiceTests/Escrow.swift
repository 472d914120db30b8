import AuditLog
import BitLocker
import Crypto
import EscrowCrypto
import EscrowModel
import EscrowService
import EscrowStore
import Foundation
import Synchronization

/// The engines that every test of the service runs on.
enum Engine: String, CaseIterable, Sendable {
    case sqlite

    /// Those that this machine has.
    static let available = Engine.allCases

    /// Opens an empty store.
    func open(in directory: URL, clock: @escaping @Sendable () -> Timestamp) throws -> Store {
        switch self {
        case .sqlite: try Store.open(path: directory.appending(path: "sparekey.db").path, clock: clock)
        }
    }
}

/// A whole escrow on a temporary store, with a clock that tests turn.
final class Escrow: Sendable {
    let service: EscrowService
    let store: Store
    let directory: URL
    let logKey: VerifierKey
    private let time: Clock

    final class Clock: Sendable {
        private let value = Mutex(Timestamp(seconds: 1_800_000_000))
        var now: Timestamp { self.value.withLock { $0 } }
        func advance(by span: TimeSpan) { self.value.withLock { $0 = $0 + span } }
    }

    init(_ engine: Engine, _ change: (inout EscrowSettings) -> Void = { _ in }) async throws {
        let time = Clock()
        self.time = time
        self.directory = FileManager.default.temporaryDirectory.appending(path: "sparekey-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: true)
        let file = self.directory.appending(path: "master.key").path
        var generator = SystemRandomNumberGenerator()
        let masterKey = try FileMasterKey.create(path: file, using: &generator)
        let keyring = try await Keyring.create(under: masterKey, at: time.now)
        self.store = try engine.open(in: self.directory, clock: { time.now })
        let signingKey = try SigningKey(name: "example.com/audit", seed: keyring.auditLogSeed)
        self.logKey = signingKey.verifierKey
        try await self.store.startLog(signingKey: signingKey, anchor: nil)
        var settings = EscrowSettings()
        change(&settings)
        self.service = EscrowService(
            store: self.store,
            keys: try EscrowKeys(keyring),
            logKey: signingKey.verifierKey,
            settings: settings,
            clock: { time.now }
        )
    }

    deinit { try? FileManager.default.removeItem(at: self.directory) }

    var now: Timestamp { self.time.now }

    func wait(_ span: TimeSpan) { self.time.advance(by: span) }

    /// The record of every audit entry, oldest first, as dictionaries.
    func records() async throws -> [[String: Any]] {
        let auditor = self.caller(.auditor)
        var records: [[String: Any]] = []
        var page = PageRequest(limit: 500)
        while true {
            let part = try await self.service.audit(AuditFilter(), page, by: auditor)
            for item in part.items {
                let object = try JSONSerialization.jsonObject(with: Data(item.record ?? []))
                records.append(object as? [String: Any] ?? [:])
            }
            guard let next = part.next else { break }
            page = PageRequest(after: next, limit: 500)
        }
        return records.reversed()
    }

    /// How many audit entries of a kind there are.
    func count(_ kind: AuditEvent.Kind) async throws -> Int {
        try await self.records().filter { $0["kind"] as? String == kind.rawValue }.count
    }

    func caller(_ role: Role, scope: Scope = .everything, name: String = "test") -> Caller {
        Caller(
            identity: .client(id: GUID(high: 1, low: 2), name: name),
            role: role,
            scope: scope,
            source: Source(address: "192.0.2.7", agent: "tests", requestID: "r-1")
        )
    }

    var console: Caller {
        Caller(
            identity: .localOperator(name: "root"),
            role: .administrator,
            scope: .everything,
            source: Source(address: "local")
        )
    }
}

/// An enrolled device with real volumes, speaking to the service as its agent would.
final class TestDevice {
    let id: GUID
    let escrow: Escrow
    let volumes: [TestVolume]
    var facts: DeviceFacts

    init(in escrow: Escrow, volumes: [TestVolume], name: String = "LAPTOP-1", group: String = "berlin") async throws {
        var generator = SystemRandomNumberGenerator()
        self.id = .random(using: &generator)
        self.escrow = escrow
        self.volumes = volumes
        self.facts = DeviceFacts(name: name, serial: "SN-\(name)", owner: "kim@example.com")
        let token = try await escrow.service.createEnrolmentToken(
            name: "test",
            group: group,
            maximumUses: nil,
            expiresAt: nil,
            by: escrow.console
        ).secret
        _ = try await escrow.service.enrol(
            Enrolment(device: self.id, facts: self.facts, credential: [1, 2, 3]),
            token: token,
            source: Source(address: "192.0.2.9")
        )
    }

    var caller: Caller {
        Caller(
            identity: .device(self.id),
            role: .device,
            scope: .groups([]),
            source: Source(address: "192.0.2.9")
        )
    }

    @discardableResult
    func checkIn(recoveries: [DeviceReport.Recovery] = []) async throws -> CheckInResult {
        let reports = try self.volumes.map { try $0.report() }
        return try await self.checkIn(reports, recoveries: recoveries)
    }

    @discardableResult
    func checkIn(
        _ reports: [VolumeReport],
        recoveries: [DeviceReport.Recovery] = []
    ) async throws -> CheckInResult {
        try await self.escrow.service.checkIn(
            DeviceReport(facts: self.facts, volumes: reports, recoveries: recoveries),
            by: self.caller
        )
    }

    /// Deposits a protector's secret, or other digits in its place, with or without metadata.
    @discardableResult
    func deposit(
        _ protector: GUID,
        on volume: TestVolume,
        digits: String? = nil,
        metadata: [UInt8]?? = .none
    ) async throws -> DepositReceipt {
        let password = try RecoveryPassword(parsing: digits ?? volume.digits(of: protector))
        let upload = try metadata ?? volume.upload()
        let deposit = Deposit(
            volume: volume.id,
            protector: protector,
            secret: .recoveryPassword(password),
            metadata: upload
        )
        return try await self.escrow.service.deposit(deposit, by: self.caller)
    }

    /// Checks in and does what it is told until nothing is left to do.
    func settle() async throws {
        for _ in 0..<10 {
            let instructions = try await self.checkIn().instructions
            guard !instructions.isEmpty else { return }
            for instruction in instructions { try await self.follow(instruction) }
        }
    }

    func follow(_ instruction: Instruction) async throws {
        guard let volume = self.volumes.first(where: { $0.id == instruction.volume }) else { return }
        switch instruction.action {
        case .deposit(let protector):
            try await self.deposit(protector, on: volume)
        case .addProtector:
            try await self.deposit(volume.add(), on: volume)
        case .removeProtectors(let protectors):
            for protector in protectors { try volume.remove(protector) }
            try await self.escrow.service.reportInstruction(instruction.id, outcome: .done, by: self.caller)
        }
    }

    /// The device as a reader sees it.
    func seen() async throws -> DeviceKeys {
        try await self.escrow.service.deviceKeys(self.id, by: self.escrow.caller(.reader))
    }
}

extension DisclosedSecret {
    /// The secret's text, for tests only.
    borrowing func digits() -> String {
        self.secret.withBytes { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
    }
}

/// A well-formed recovery password that is nobody's.
let wrongDigits = "111683-110022-683298-209352-468105-648483-571252-334455"
