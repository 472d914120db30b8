/// Which devices a list shows, and in what order. Every given condition must hold; an absent one does not restrict.
package struct DeviceFilter: Equatable, Sendable {
    /// The orders of a list of devices.
    package enum Order: String, CaseIterable, Sendable, Codable {
        /// By name.
        case name
        /// By the day on which they were last seen, the latest first.
        case lastSeen
        /// By the day on which they were last seen, the earliest first.
        case longestAway
    }

    /// What somebody typed: the beginning of the device's name or of its owner's, its serial number, its ID or a Key ID.
    package var text: String?
    /// The device's escrow status.
    package var status: EscrowStatus.State?
    /// The status's reason.
    package var reason: EscrowStatus.Reason?
    /// The device's group, exactly.
    package var group: String?
    /// Only devices with a current key that is not proven.
    package var isUnproven = false
    /// Only devices that have not been seen since.
    package var notSeenSince: Timestamp?
    /// Only devices on legal hold.
    package var isOnLegalHold = false
    /// Devices out of use rather than those in use.
    package var isRetired = false
    /// The order asked for.
    package var order: Order = .name
    /// The groups that the caller's scope lets them see.
    package var scope: Scope

    /// Makes a filter that shows every device in use within a scope.
    package init(scope: Scope) { self.scope = scope }

    /// The order that the list has: what was typed is found by name, who is away long by when they were seen.
    package var orderInForce: Order {
        if self.text != nil { return .name }
        if self.notSeenSince != nil, self.order == .name { return .longestAway }
        return self.order
    }
}

/// A place in a list of devices: that of a device, by what the list is ordered by.
package struct DevicePosition: Equatable, Sendable {
    /// What the list is ordered by.
    package enum Key: Equatable, Sendable {
        /// A name in lower case.
        case name(String)
        /// A day, counted from 1970.
        case day(Int64)
    }

    /// The device's value of it.
    package let key: Key
    /// The store's number of the device, which decides among equals.
    package let row: Int64

    /// Makes a position from its parts.
    package init(key: Key, row: Int64) {
        self.key = key
        self.row = row
    }

    /// The place of a device in a list.
    package init(of device: Device, in order: DeviceFilter.Order) {
        self.row = device.row
        self.key =
            order == .name ? .name(device.facts.name.lowercased()) : .day(device.lastSeenAt.dayNumber)
    }
}

/// Which page of a list of devices is wanted: the one after or the one before a place, else the first.
package struct DevicePageRequest: Equatable, Sendable {
    /// Where a page begins or ends.
    package enum Edge: Equatable, Sendable {
        case after(DevicePosition)
        case before(DevicePosition)
    }

    /// Where; nil for the first page.
    package let edge: Edge?
    /// How many devices at most.
    package let limit: Int

    /// Makes a request for a page.
    package init(_ edge: Edge? = nil, limit: Int = 50) {
        self.edge = edge
        self.limit = min(max(limit, 1), PageRequest.maximumLimit)
    }
}

/// One page of a list of devices, and whether there are others on either side.
package struct DevicePage: Equatable, Sendable {
    /// The devices.
    package var items: [Device]
    /// Before which the previous page ends; nil on the first.
    package var previous: DevicePosition?
    /// After which the next page begins; nil on the last.
    package var next: DevicePosition?

    /// Makes a page from its parts.
    package init(items: [Device], previous: DevicePosition?, next: DevicePosition?) {
        self.items = items
        self.previous = previous
        self.next = next
    }
}

extension Timestamp {
    /// The day in UTC, counted from 1970.
    package var dayNumber: Int64 { self.milliseconds / 86_400_000 }
}

extension EscrowStatus.Reason {
    /// The state that the reason is one of.
    package var state: EscrowStatus.State {
        switch self {
        case .none: .escrowed
        case .awaitingDeposit, .awaitingProof, .noRecoveryProtector, .rotationUnderWay: .pending
        case .deviceReported, .proofRefuted, .deadlinePassed, .protectorMismatch: .failed
        case .bitLockerOff, .noVolume: .notAvailable
        }
    }
}
