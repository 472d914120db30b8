package import BitLocker

/// What a key protector's secret is. Raw values are the API's words and part of the sealed context.
package enum SecretKind: String, CaseIterable, Sendable, Codable {
    /// 48 digits.
    case recoveryPassword
    /// 256 bits, a `.BEK` file.
    case recoveryKey
}

/// A key protector's secret in escrow, without the secret.
package struct EscrowedKey: Equatable, Sendable {
    /// How far a key's life has come.
    package enum State: String, CaseIterable, Sendable, Codable {
        /// In use, as far as is known.
        case active
        /// Replaced; kept until its retention ends.
        case superseded
        /// The ciphertext is destroyed; the record stays.
        case purged
    }

    /// Whether the secret is known to open the volume.
    package enum ProofState: String, CaseIterable, Sendable, Codable {
        case unproven
        case proven
        case refuted
    }

    /// The store's number for the key; never leaves the server.
    package let row: Int64
    /// The store's number of its volume.
    package let volume: Int64
    /// The volume's ID.
    package let volumeID: GUID
    /// The key protector ID: the Key ID that the recovery screen shows begins with its first 8 digits.
    package let protectorID: GUID
    /// Which kind of secret it is.
    package let kind: SecretKind
    /// 1 for the first secret deposited for the protector, one more for each different one.
    package let version: Int
    /// How far its life has come.
    package var state: State
    /// Whether it is known to open the volume.
    package var proof: ProofState
    /// Why it is refuted or unproven, one word of the proof's; nil when proven.
    package var proofReason: String?
    /// When it was deposited.
    package let depositedAt: Timestamp
    /// When it was proven.
    package var provenAt: Timestamp?
    /// When it was last disclosed.
    package var disclosedAt: Timestamp?
    /// When it was replaced.
    package var supersededAt: Timestamp?
    /// From when it may be purged; nil while active.
    package var purgeAfter: Timestamp?
    /// Since when it counts as known to somebody who should not know it.
    package var compromisedAt: Timestamp?

    /// Makes a key from its parts.
    package init(
        row: Int64,
        volume: Int64,
        volumeID: GUID,
        protectorID: GUID,
        kind: SecretKind,
        version: Int,
        state: State,
        proof: ProofState,
        proofReason: String?,
        depositedAt: Timestamp,
        provenAt: Timestamp?,
        disclosedAt: Timestamp?,
        supersededAt: Timestamp?,
        purgeAfter: Timestamp?,
        compromisedAt: Timestamp? = nil
    ) {
        self.row = row
        self.volume = volume
        self.volumeID = volumeID
        self.protectorID = protectorID
        self.kind = kind
        self.version = version
        self.state = state
        self.proof = proof
        self.proofReason = proofReason
        self.depositedAt = depositedAt
        self.provenAt = provenAt
        self.disclosedAt = disclosedAt
        self.supersededAt = supersededAt
        self.purgeAfter = purgeAfter
        self.compromisedAt = compromisedAt
    }

    /// Replaces the key: it stays readable until its retention ends. Does nothing to a key that is not active.
    package mutating func supersede(at now: Timestamp, retention: TimeSpan) {
        guard self.state == .active else { return }
        self.state = .superseded
        self.supersededAt = now
        self.purgeAfter = now + retention
    }
}

extension Sequence<EscrowedKey> {
    /// The key to hand out when none is named: active before superseded, proven before unproven, and never a refuted one
    /// while there is another; of equals the newest.
    package var current: EscrowedKey? {
        self.filter { $0.state != .purged }.max { Self.rank($0) < Self.rank($1) }
    }

    private static func rank(_ key: EscrowedKey) -> (Int, Int, Int64, Int64) {
        let proof =
            switch key.proof {
            case .proven: 2
            case .unproven: 1
            case .refuted: 0
            }
        return (key.proof == .refuted ? 0 : key.state == .active ? 2 : 1, proof, key.depositedAt.milliseconds, key.row)
    }
}
