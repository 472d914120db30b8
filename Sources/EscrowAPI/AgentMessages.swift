package import BitLocker
package import EscrowModel

/// Body of `POST /api/agent/v1/enrol`, sent with an enrolment token as the bearer token and signed with the new key.
package struct EnrolRequest: Codable, Equatable, Sendable {
    /// The device ID.
    package var deviceId: GUID
    /// The device's own P-256 public key: X.509 SubjectPublicKeyInfo in DER, in Base64.
    package var publicKey: String
    /// The computer name.
    package var name: String
    /// The serial number.
    package var serial: String?
    /// Whose device it is.
    package var owner: String?
    /// The operating system.
    package var operatingSystem: String?

    /// Makes a request from its parts.
    package init(
        deviceId: GUID,
        publicKey: String,
        name: String,
        serial: String? = nil,
        owner: String? = nil,
        operatingSystem: String? = nil
    ) {
        self.deviceId = deviceId
        self.publicKey = publicKey
        self.name = name
        self.serial = serial
        self.owner = owner
        self.operatingSystem = operatingSystem
    }
}

/// Answer of `POST /api/agent/v1/enrol`.
package struct EnrolAnswer: Codable, Equatable, Sendable {
    /// The device ID, which is also the `keyid` of the device's signatures.
    package var deviceId: GUID
    /// The group that the device joined.
    package var group: String

    /// Makes an answer from its parts.
    package init(deviceId: GUID, group: String) {
        self.deviceId = deviceId
        self.group = group
    }
}

/// Body of `POST /api/agent/v1/check-in`: all that a device knows, each time.
package struct CheckInRequest: Codable, Equatable, Sendable {
    /// A key protector on a volume.
    package struct Protector: Codable, Equatable, Sendable {
        /// The key protector ID.
        package var id: GUID
        /// How it unlocks the volume.
        package var type: ReportedProtector.Kind

        /// Makes a protector from its parts.
        package init(id: GUID, type: ReportedProtector.Kind) {
            self.id = id
            self.type = type
        }
    }

    /// A volume.
    package struct Volume: Codable, Equatable, Sendable {
        /// The volume ID.
        package var id: GUID
        /// What it is for.
        package var type: EscrowModel.Volume.Kind
        /// Where it is mounted.
        package var label: String?
        /// Whether BitLocker guards it.
        package var protection: EscrowModel.Volume.Protection
        /// How much of it is encrypted, 0 to 100; 100 when absent.
        package var encryptedPercentage: Int?
        /// The key protectors on it.
        package var protectors: [Protector]?

        /// Makes a volume from its parts.
        package init(
            id: GUID,
            type: EscrowModel.Volume.Kind,
            label: String? = nil,
            protection: EscrowModel.Volume.Protection,
            encryptedPercentage: Int? = nil,
            protectors: [Protector]? = nil
        ) {
            self.id = id
            self.type = type
            self.label = label
            self.protection = protection
            self.encryptedPercentage = encryptedPercentage
            self.protectors = protectors
        }
    }

    /// A recovery that took place: Windows' events 782 and 805 name the protector.
    package struct Recovery: Codable, Equatable, Sendable {
        /// The volume that was unlocked.
        package var volumeId: GUID
        /// The protector that unlocked it, where it is known.
        package var protectorId: GUID?

        /// Makes a recovery from its parts.
        package init(volumeId: GUID, protectorId: GUID? = nil) {
            self.volumeId = volumeId
            self.protectorId = protectorId
        }
    }

    /// The computer name.
    package var name: String
    /// The serial number.
    package var serial: String?
    /// Whose device it is.
    package var owner: String?
    /// The operating system.
    package var operatingSystem: String?
    /// Every encryptable volume.
    package var volumes: [Volume]
    /// Recoveries since the last check-in that was answered.
    package var recoveries: [Recovery]?

    /// Makes a request from its parts.
    package init(
        name: String,
        serial: String? = nil,
        owner: String? = nil,
        operatingSystem: String? = nil,
        volumes: [Volume],
        recoveries: [Recovery]? = nil
    ) {
        self.name = name
        self.serial = serial
        self.owner = owner
        self.operatingSystem = operatingSystem
        self.volumes = volumes
        self.recoveries = recoveries
    }
}

/// Something the device is to do. The server decides, the agent does.
package struct InstructionDocument: Codable, Equatable, Sendable {
    /// What to do.
    package enum Action: String, CaseIterable, Codable, Sendable {
        /// Deposit the secret of the protector in `protectorIds`.
        case deposit
        /// Add a protector of the type in `protectorType`, then deposit its secret naming this instruction's ID.
        case addProtector
        /// Remove the protectors in `protectorIds`, then send this instruction's result.
        case removeProtectors
    }

    /// The instruction's ID. The two steps of a rotation have the same one, the rotation's.
    package var id: GUID
    /// What to do.
    package var action: Action
    /// On which volume.
    package var volumeId: GUID
    /// With which protectors.
    package var protectorIds: [GUID]?
    /// Which type of protector to add.
    package var protectorType: SecretKind?

    /// Makes an instruction from its parts.
    package init(
        id: GUID,
        action: Action,
        volumeId: GUID,
        protectorIds: [GUID]? = nil,
        protectorType: SecretKind? = nil
    ) {
        self.id = id
        self.action = action
        self.volumeId = volumeId
        self.protectorIds = protectorIds
        self.protectorType = protectorType
    }
}

/// Answer of `POST /api/agent/v1/check-in`.
package struct CheckInAnswer: Codable, Equatable, Sendable {
    /// Where escrow stands for the device.
    package var status: StatusDocument
    /// What to do now, in this order.
    package var instructions: [InstructionDocument]
    /// When to check in again, in seconds.
    package var nextCheckInSeconds: Int

    /// Makes an answer from its parts.
    package init(status: StatusDocument, instructions: [InstructionDocument], nextCheckInSeconds: Int) {
        self.status = status
        self.instructions = instructions
        self.nextCheckInSeconds = nextCheckInSeconds
    }
}

/// Body of `POST /api/agent/v1/deposits`. Sending it again changes nothing.
package struct DepositRequest: Codable, Sendable {
    /// The volume.
    package var volumeId: GUID
    /// The key protector.
    package var protectorId: GUID
    /// Recovery password or recovery key.
    package var type: SecretKind
    /// The 48 digits, or the `.BEK` file in Base64.
    package var secret: String
    /// Sector 0 and one copy of the FVE metadata, in the upload form, in Base64. Without it nothing is proven.
    package var metadata: String?
    /// The rotation that the protector was added for.
    package var rotationId: GUID?

    /// Makes a request from its parts.
    package init(
        volumeId: GUID,
        protectorId: GUID,
        type: SecretKind,
        secret: String,
        metadata: String? = nil,
        rotationId: GUID? = nil
    ) {
        self.volumeId = volumeId
        self.protectorId = protectorId
        self.type = type
        self.secret = secret
        self.metadata = metadata
        self.rotationId = rotationId
    }
}

/// Answer of `POST /api/agent/v1/deposits`: the secret is durably here.
package struct DepositAnswer: Codable, Equatable, Sendable {
    /// The key protector ID.
    package var keyId: GUID
    /// Whether the server opened the volume's metadata with it.
    package var proof: EscrowedKey.ProofState
    /// Why not.
    package var proofReason: String?
    /// Where escrow of the volume stands now.
    package var status: StatusDocument
    /// What to do next on this volume.
    package var instructions: [InstructionDocument]

    /// Makes an answer from its parts.
    package init(
        keyId: GUID,
        proof: EscrowedKey.ProofState,
        proofReason: String?,
        status: StatusDocument,
        instructions: [InstructionDocument]
    ) {
        self.keyId = keyId
        self.proof = proof
        self.proofReason = proofReason
        self.status = status
        self.instructions = instructions
    }
}

/// Body of `POST /api/agent/v1/failures`: the device could not do what escrow needs.
package struct FailureRequest: Codable, Equatable, Sendable {
    /// The volume.
    package var volumeId: GUID
    /// What went wrong: a Windows error such as `0x80310060`, or one word; 1 to 64 letters, digits or `. _ -`.
    package var code: String

    /// Makes a request from its parts.
    package init(volumeId: GUID, code: String) {
        self.volumeId = volumeId
        self.code = code
    }
}

/// Body of `POST /api/agent/v1/instructions/{id}/result`.
package struct InstructionResultRequest: Codable, Equatable, Sendable {
    /// How it ended.
    package enum Outcome: String, CaseIterable, Codable, Sendable {
        case done
        case failed
    }

    /// How it ended.
    package var outcome: Outcome
    /// Why it failed, in the form of a failure's code.
    package var code: String?

    /// Makes a request from its parts.
    package init(outcome: Outcome, code: String? = nil) {
        self.outcome = outcome
        self.code = code
    }
}
