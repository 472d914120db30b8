import BitLocker
import EscrowModel

/// Small values that the tests of states are made of.
enum Samples {
    static let now = Timestamp(seconds: 1_800_000_000)
    static let volumeID = GUID(high: 0, low: 100)

    static func protector(_ number: UInt64) -> GUID { GUID(high: number << 32, low: number) }

    static func key(
        _ number: UInt64,
        _ state: EscrowedKey.State = .active,
        _ proof: EscrowedKey.ProofState = .proven,
        row: Int64 = 1,
        depositedAt: Timestamp = now
    ) -> EscrowedKey {
        EscrowedKey(
            row: row,
            volume: 1,
            volumeID: volumeID,
            protectorID: protector(number),
            kind: .recoveryPassword,
            version: 1,
            state: state,
            proof: proof,
            proofReason: nil,
            depositedAt: depositedAt,
            provenAt: nil,
            disclosedAt: nil,
            supersededAt: nil,
            purgeAfter: nil
        )
    }

    static func standing(
        protection: Volume.Protection = .on,
        reported: [UInt64],
        keys: [EscrowedKey],
        rotation: Rotation.State? = nil,
        failure: VolumeFailure? = nil,
        previous: EscrowStatus = EscrowStatus(.notAvailable, .noVolume, since: now),
        deadline: Timestamp? = nil,
        isProofRequired: Bool = true
    ) -> EscrowStanding {
        EscrowStanding(
            report: VolumeReport(
                id: volumeID,
                kind: .operatingSystem,
                protection: protection,
                protectors: [ReportedProtector(id: protector(999), kind: .tpm)]
                    + reported.map { ReportedProtector(id: protector($0), kind: .recoveryPassword) }
            ),
            keys: keys,
            openRotation: rotation,
            failure: failure,
            previous: previous,
            deadline: deadline,
            isProofRequired: isProofRequired
        )
    }

    static func rotation(replaces: [GUID] = [protector(1)]) -> Rotation {
        Rotation(
            id: GUID(high: 7, low: 7),
            volume: 1,
            volumeID: volumeID,
            trigger: .manual,
            kind: .recoveryPassword,
            replaces: replaces,
            requestedBy: "client:test",
            requestedAt: now,
            notBefore: now,
            deadline: now + .days(30)
        )
    }
}
