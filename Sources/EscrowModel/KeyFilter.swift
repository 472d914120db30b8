package import BitLocker

/// Which volumes and keys a list shows. Every given condition must hold; an absent one does not restrict.
package struct KeyFilter: Equatable, Sendable {
    /// A Key ID as a caller reads it out: its first 8 digits, more of them, or all of it.
    package enum KeyID: Hashable, Sendable {
        case prefix(UInt32)
        /// More than 8 digits and not all: the first and the last GUID that begin with them.
        case beginning(ClosedRange<GUID>)
        case full(GUID)
    }

    /// The Key ID of any key of the volume, in use or not.
    package var keyID: KeyID?
    /// The device.
    package var device: GUID?
    /// The volume's escrow status.
    package var status: EscrowStatus.State?
    /// The status's reason.
    package var reason: EscrowStatus.Reason?
    /// The beginning of the device's name, in either case.
    package var deviceName: String?
    /// The device's serial number, exactly.
    package var serial: String?
    /// The device's owner, exactly, in either case.
    package var owner: String?
    /// The device's group, exactly.
    package var group: String?
    /// What the volume is for.
    package var volumeKind: Volume.Kind?
    /// The proof of the volume's current key.
    package var proof: EscrowedKey.ProofState?
    /// The volume's current key was deposited before this.
    package var depositedBefore: Timestamp?
    /// The volume's current key was deposited at this time or later.
    package var depositedSince: Timestamp?
    /// The groups that the caller's scope lets them see.
    package var scope: Scope

    /// Makes a filter that shows everything within a scope.
    package init(scope: Scope) { self.scope = scope }
}

/// One line of the list of keys: a volume, its device, and the volume's current key.
package struct KeyListing: Equatable, Sendable {
    /// The device.
    package var device: Device
    /// The volume.
    package var volume: Volume
    /// The key that the filter's Key ID named, else the current one; nil when there is none.
    package var key: EscrowedKey?
    /// The volume's open rotation.
    package var openRotation: Rotation?

    /// Makes a line from its parts.
    package init(device: Device, volume: Volume, key: EscrowedKey?, openRotation: Rotation?) {
        self.device = device
        self.volume = volume
        self.key = key
        self.openRotation = openRotation
    }
}

/// Which audit entries a list shows. Every given condition must hold.
package struct AuditFilter: Equatable, Sendable {
    /// The caller's principal, exactly, such as `client:<id>`.
    package var principal: String?
    /// The caller's name for people, exactly.
    package var name: String?
    /// The device it is about.
    package var device: GUID?
    /// What happened.
    package var kind: AuditEvent.Kind?
    /// The peer's address.
    package var source: String?
    /// How it ended.
    package var outcome: AuditEvent.Outcome?
    /// At this time or later.
    package var since: Timestamp?
    /// Before this time.
    package var before: Timestamp?
    /// The groups that the caller's scope lets them see; entries about no device are shown to `everything` only.
    package var scope: Scope

    /// Makes a filter that shows everything within a scope.
    package init(scope: Scope = .everything) { self.scope = scope }

    /// Takes a caller as people write one: a principal, as `Caller.principal` has them, or else a name.
    package mutating func setCaller(_ text: String?) {
        guard let text else { return }
        let kinds = ["client:", "device:", "operator:", "person:", "breakGlass:", "system:"]
        if kinds.contains(where: { text.hasPrefix($0) }) { self.principal = text } else { self.name = text }
    }
}

/// One audit entry as people read it.
package struct AuditListing: Equatable, Sendable {
    /// Its place in the log, from 0.
    package let index: Int64
    /// When the server recorded it.
    package let time: Timestamp
    /// What happened, in the log's words; one of ``AuditEvent/Kind``, unless another version wrote it.
    package let kind: String
    /// The record, canonical JSON (RFC 8785); nil when it was erased.
    package let record: [UInt8]?

    /// Makes an entry from its parts.
    package init(index: Int64, time: Timestamp, kind: String, record: [UInt8]?) {
        self.index = index
        self.time = time
        self.kind = kind
        self.record = record
    }
}
