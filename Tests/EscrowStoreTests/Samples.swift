import BitLocker
import EscrowModel
import EscrowStore

/// Things to store, of which a test says only what it is about.
enum Sample {
    static let start = Timestamp(milliseconds: 1_764_000_000_000)

    static func id(_ number: UInt64) -> GUID {
        // Spread over the range, as random ones are.
        GUID(high: number &* 0x9E37_79B9_7F4A_7C15, low: number)
    }

    static func device(
        _ number: UInt64,
        name: String? = nil,
        serial: String? = nil,
        owner: String? = nil,
        group: String = "default"
    ) -> NewDevice {
        NewDevice(
            id: Self.id(number),
            facts: DeviceFacts(
                name: name ?? "PC-\(number)",
                serial: serial ?? "S\(number)",
                owner: owner,
                operatingSystem: "Windows 11"
            ),
            group: group,
            credential: [UInt8](repeating: 4, count: 91),
            enrolledAt: Self.start
        )
    }

    static func report(_ number: UInt64, kind: Volume.Kind = .operatingSystem) -> VolumeReport {
        VolumeReport(
            id: Self.id(number),
            kind: kind,
            label: "C:",
            protection: .on,
            encryptedPercentage: 100,
            protectors: [
                ReportedProtector(id: Self.id(number + 1), kind: .tpm),
                ReportedProtector(id: Self.id(number + 2), kind: .recoveryPassword),
            ]
        )
    }

    static func key(
        _ volume: Volume,
        protector: GUID,
        version: Int = 1,
        proof: EscrowedKey.ProofState = .proven,
        depositedAt: Timestamp = Sample.start,
        sealed: [UInt8] = [UInt8](repeating: 9, count: 300)
    ) -> NewKey {
        NewKey(
            volume: volume,
            protectorID: protector,
            kind: .recoveryPassword,
            version: version,
            proof: proof,
            proofReason: proof == .proven ? nil : "noMetadata",
            depositedAt: depositedAt,
            provenAt: proof == .proven ? depositedAt : nil,
            fingerprint: [UInt8](repeating: 5, count: 32),
            sealed: sealed
        )
    }

    static func rotation(
        _ number: UInt64,
        of volume: Volume,
        requestedBy: String = "client:1",
        idempotencyKey: String? = nil,
        at moment: Timestamp = Sample.start
    ) -> Rotation {
        Rotation(
            id: Self.id(number),
            volume: volume.row,
            volumeID: volume.id,
            trigger: .manual,
            kind: .recoveryPassword,
            replaces: [Self.id(number + 1), Self.id(number + 2)],
            requestedBy: requestedBy,
            idempotencyKey: idempotencyKey,
            requestedAt: moment,
            notBefore: moment,
            deadline: moment + .hours(24)
        )
    }

    static func event(
        _ kind: AuditEvent.Kind = .deviceEnrolled,
        _ outcome: AuditEvent.Outcome = .success,
        by caller: Caller = .system("test"),
        device: GUID? = nil
    ) -> AuditEvent {
        AuditEvent(kind, outcome, by: caller, device: device)
    }
}
