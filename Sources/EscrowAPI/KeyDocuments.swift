package import BitLocker
package import EscrowModel

/// Where escrow stands, as the API shows it.
package struct StatusDocument: Codable, Equatable, Sendable {
    /// One of the four states.
    package var state: EscrowStatus.State
    /// Why, in one word.
    package var reason: EscrowStatus.Reason
    /// Since when.
    package var since: Timestamp

    /// Shows a status.
    package init(_ status: EscrowStatus) {
        self.state = status.state
        self.reason = status.reason
        self.since = status.since
    }
}

/// A device, as the API shows it.
package struct DeviceDocument: Codable, Equatable, Sendable {
    /// The device ID.
    package var id: GUID
    /// The computer name.
    package var name: String
    /// The serial number.
    package var serial: String?
    /// Whose device it is.
    package var owner: String?
    /// The operating system.
    package var operatingSystem: String?
    /// The device group.
    package var group: String
    /// In use or retired.
    package var state: Device.State
    /// When it enrolled.
    package var enrolledAt: Timestamp
    /// When it was last heard from.
    package var lastSeenAt: Timestamp
    /// The worst of its volumes' statuses.
    package var status: StatusDocument
    /// Whether a legal hold keeps its keys from being purged.
    package var legalHold: Bool
    /// From when the keys of a retired device are purged.
    package var keysPurgeAfter: Timestamp?

    /// Shows a device.
    package init(_ device: Device) {
        self.id = device.id
        self.name = device.facts.name
        self.serial = device.facts.serial
        self.owner = device.facts.owner
        self.operatingSystem = device.facts.operatingSystem
        self.group = device.group
        self.state = device.state
        self.enrolledAt = device.enrolledAt
        self.lastSeenAt = device.lastSeenAt
        self.status = StatusDocument(device.status)
        self.legalHold = device.isOnLegalHold
        self.keysPurgeAfter = device.keysPurgeAfter
    }
}

/// A volume, as the API shows it.
package struct VolumeDocument: Codable, Equatable, Sendable {
    /// The volume ID.
    package var id: GUID
    /// What it is for.
    package var type: Volume.Kind
    /// Where it is mounted.
    package var label: String?
    /// Whether BitLocker guards it.
    package var protection: Volume.Protection
    /// How much of it is encrypted, 0 to 100.
    package var encryptedPercentage: Int
    /// Whether the device still reports it.
    package var present: Bool
    /// Where its escrow stands.
    package var status: StatusDocument

    /// Shows a volume.
    package init(_ volume: Volume) {
        self.id = volume.id
        self.type = volume.report.kind
        self.label = volume.report.label
        self.protection = volume.report.protection
        self.encryptedPercentage = volume.report.encryptedPercentage
        self.present = volume.isPresent
        self.status = StatusDocument(volume.status)
    }
}

/// A key without its secret, as the API shows it.
package struct KeyDocument: Codable, Equatable, Sendable {
    /// The key protector ID. The recovery screen's Key ID is its first 8 digits.
    package var keyId: GUID
    /// The volume it opens.
    package var volumeId: GUID
    /// Recovery password or recovery key.
    package var type: SecretKind
    /// How far its life has come.
    package var state: EscrowedKey.State
    /// Whether it is known to open the volume.
    package var proof: EscrowedKey.ProofState
    /// Why it is not proven.
    package var proofReason: String?
    /// When it was deposited.
    package var depositedAt: Timestamp
    /// When it was proven.
    package var provenAt: Timestamp?
    /// When it was last disclosed.
    package var disclosedAt: Timestamp?
    /// When it was replaced.
    package var supersededAt: Timestamp?
    /// From when it may be purged.
    package var purgeAfter: Timestamp?
    /// Since when it counts as known to somebody who should not know it.
    package var compromisedAt: Timestamp?

    /// Shows a key.
    package init(_ key: EscrowedKey) {
        self.keyId = key.protectorID
        self.volumeId = key.volumeID
        self.type = key.kind
        self.state = key.state
        self.proof = key.proof
        self.proofReason = key.proofReason
        self.depositedAt = key.depositedAt
        self.provenAt = key.provenAt
        self.disclosedAt = key.disclosedAt
        self.supersededAt = key.supersededAt
        self.purgeAfter = key.purgeAfter
        self.compromisedAt = key.compromisedAt
    }
}

/// A rotation, as the API shows it.
package struct RotationDocument: Codable, Equatable, Sendable {
    /// The rotation's ID.
    package var id: GUID
    /// The volume whose protectors are replaced.
    package var volumeId: GUID
    /// How far it has come.
    package var state: Rotation.State
    /// Why it was asked for.
    package var trigger: Rotation.Trigger
    /// Who asked.
    package var requestedBy: String
    /// The protectors to be removed.
    package var replaces: [GUID]
    /// The protector that took their place.
    package var newKeyId: GUID?
    /// When it was asked for.
    package var requestedAt: Timestamp
    /// Before this the device is not told.
    package var notBefore: Timestamp
    /// By when the present state must have been left; nil once it has ended.
    package var deadline: Timestamp?
    /// When the device was told.
    package var deliveredAt: Timestamp?
    /// When the new secret was here and proven.
    package var escrowedAt: Timestamp?
    /// When it ended.
    package var finishedAt: Timestamp?
    /// Why it failed.
    package var failure: String?

    /// Shows a rotation.
    package init(_ rotation: Rotation) {
        self.id = rotation.id
        self.volumeId = rotation.volumeID
        self.state = rotation.state
        self.trigger = rotation.trigger
        self.requestedBy = rotation.requestedBy
        self.replaces = rotation.replaces
        self.newKeyId = rotation.newProtector
        self.requestedAt = rotation.requestedAt
        self.notBefore = rotation.notBefore
        self.deadline = rotation.state.isOpen ? rotation.deadline : nil
        self.deliveredAt = rotation.deliveredAt
        self.escrowedAt = rotation.escrowedAt
        self.finishedAt = rotation.finishedAt
        self.failure = rotation.failure
    }
}

/// One line of `GET …/keys`: a volume, its device and its key.
package struct KeyListItem: Codable, Equatable, Sendable {
    /// The device.
    package var device: DeviceDocument
    /// The volume.
    package var volume: VolumeDocument
    /// The key that was asked for by its Key ID, else the current one; absent when there is none.
    package var key: KeyDocument?
    /// The volume's open rotation.
    package var rotation: RotationDocument?

    /// Shows a line of the list.
    package init(_ listing: KeyListing) {
        self.device = DeviceDocument(listing.device)
        self.volume = VolumeDocument(listing.volume)
        self.key = listing.key.map(KeyDocument.init)
        self.rotation = listing.openRotation.map(RotationDocument.init)
    }
}

/// A page of a list. `next` goes into the `cursor` parameter of the next request; it is absent on the last page.
package struct PageDocument<Item: Codable & Sendable>: Codable, Sendable {
    /// The items.
    package var items: [Item]
    /// Where the next page begins; opaque.
    package var next: String?

    /// Makes a page from its parts.
    package init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }
}

/// `GET …/keys/{deviceId}`: all that is known of a device, and no secret.
package struct DeviceKeysDocument: Codable, Sendable {
    /// One volume with its keys.
    package struct VolumeKeys: Codable, Sendable {
        /// The volume.
        package var volume: VolumeDocument
        /// Its keys, newest first, purged ones too.
        package var keys: [KeyDocument]
        /// Its open rotation.
        package var rotation: RotationDocument?

        /// Makes it from its parts.
        package init(volume: VolumeDocument, keys: [KeyDocument], rotation: RotationDocument?) {
            self.volume = volume
            self.keys = keys
            self.rotation = rotation
        }
    }

    /// The device.
    package var device: DeviceDocument
    /// Its volumes, those no longer reported last.
    package var volumes: [VolumeKeys]
    /// Its latest rotations, newest first.
    package var rotations: [RotationDocument]

    /// Makes it from its parts.
    package init(device: DeviceDocument, volumes: [VolumeKeys], rotations: [RotationDocument]) {
        self.device = device
        self.volumes = volumes
        self.rotations = rotations
    }
}
