package import BitLocker

/// An encryptable volume of a device.
package struct Volume: Equatable, Sendable {
    /// What the volume is for. Raw values are the API's words.
    package enum Kind: String, CaseIterable, Sendable, Codable {
        case operatingSystem
        case fixedData
        case removableData
    }

    /// Whether BitLocker guards the volume now.
    package enum Protection: String, CaseIterable, Sendable, Codable {
        /// Encrypted or being encrypted, and a protector is asked for.
        case on
        /// Encrypted, but a clear key lies beside it: it opens without a secret until protection resumes.
        case suspended
        /// BitLocker is not enabled.
        case off
    }

    /// The store's number for the volume; never leaves the server.
    package let row: Int64
    /// The store's number of its device.
    package let device: Int64
    /// The volume ID: the FVE metadata's volume GUID, or Windows' volume GUID before BitLocker is enabled.
    package let id: GUID
    /// What the device last said of the volume.
    package var report: VolumeReport
    /// False once a later check-in no longer named the volume. Its keys stay.
    package var isPresent: Bool
    /// Where its escrow stands.
    package var status: EscrowStatus
    /// Until when an awaited secret must have come before `pending` turns into `failed`; nil while none is awaited.
    package var deadline: Timestamp?
    /// The last failure that no later proven deposit has made good.
    package var failure: VolumeFailure?
    /// The highest nonce counter that FVE metadata of this volume was seen with: older metadata proves nothing.
    package var highestNonce: UInt32

    /// Makes a volume from its parts.
    package init(
        row: Int64,
        device: Int64,
        id: GUID,
        report: VolumeReport,
        isPresent: Bool,
        status: EscrowStatus,
        deadline: Timestamp?,
        failure: VolumeFailure?,
        highestNonce: UInt32
    ) {
        self.row = row
        self.device = device
        self.id = id
        self.report = report
        self.isPresent = isPresent
        self.status = status
        self.deadline = deadline
        self.failure = failure
        self.highestNonce = highestNonce
    }
}

/// One volume as a device describes it at a check-in.
package struct VolumeReport: Equatable, Sendable {
    /// The volume ID.
    package var id: GUID
    /// What the volume is for.
    package var kind: Volume.Kind
    /// Where it is mounted or how it is labelled, such as `C:`, at most 255 characters.
    package var label: String?
    /// Whether BitLocker guards it.
    package var protection: Volume.Protection
    /// How much of it is encrypted, 0 to 100.
    package var encryptedPercentage: Int
    /// The key protectors on it, at most 64.
    package var protectors: [ReportedProtector]

    /// Makes a report from its parts.
    package init(
        id: GUID,
        kind: Volume.Kind,
        label: String? = nil,
        protection: Volume.Protection,
        encryptedPercentage: Int = 100,
        protectors: [ReportedProtector] = []
    ) {
        self.id = id
        self.kind = kind
        self.label = label
        self.protection = protection
        self.encryptedPercentage = encryptedPercentage
        self.protectors = protectors
    }

    /// The protectors whose secrets belong in escrow.
    package var recoveryProtectors: [ReportedProtector] {
        self.protectors.filter { $0.kind.secretKind != nil }
    }
}

/// A key protector as a device names it.
package struct ReportedProtector: Hashable, Sendable {
    /// The kinds of Win32_EncryptableVolume.GetKeyProtectorType, by the API's words.
    package enum Kind: String, CaseIterable, Sendable, Codable {
        case tpm
        case tpmAndPIN
        case tpmAndStartupKey
        case tpmAndPINAndStartupKey
        case recoveryPassword
        case recoveryKey
        case passphrase
        case publicKey
        case other

        /// The kind of secret that escrow keeps for such a protector; nil when it keeps none.
        package var secretKind: SecretKind? {
            switch self {
            case .recoveryPassword: .recoveryPassword
            case .recoveryKey: .recoveryKey
            case .tpm, .tpmAndPIN, .tpmAndStartupKey, .tpmAndPINAndStartupKey, .passphrase, .publicKey, .other: nil
            }
        }
    }

    /// The key protector ID.
    package var id: GUID
    /// How it unlocks the volume.
    package var kind: Kind

    /// Makes a protector from its parts.
    package init(id: GUID, kind: Kind) {
        self.id = id
        self.kind = kind
    }
}

/// Why escrow of a volume failed, as far as it is not plain from what is stored.
package struct VolumeFailure: Equatable, Sendable {
    /// `deviceReported` or `proofRefuted`.
    package var reason: EscrowStatus.Reason
    /// When.
    package var at: Timestamp
    /// What went wrong: a device's error code or the proof's refutation. A closed form, never free text.
    package var detail: String

    /// Makes a failure from its parts.
    package init(reason: EscrowStatus.Reason, at: Timestamp, detail: String) {
        self.reason = reason
        self.at = at
        self.detail = detail
    }
}
