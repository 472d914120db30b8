package import BitLocker
package import EscrowModel
import EscrowPolicy
import EscrowStore

/// A device with its volumes, keys and rotations, and no secret.
package struct DeviceKeys: Equatable, Sendable {
    /// A volume with its keys.
    package struct VolumeKeys: Equatable, Sendable {
        /// The volume.
        package let volume: Volume
        /// Its keys, newest first.
        package let keys: [EscrowedKey]
        /// Its open rotation.
        package let openRotation: Rotation?
    }

    /// The device.
    package let device: Device
    /// Its volumes, those no longer reported last.
    package let volumes: [VolumeKeys]
    /// Its latest rotations, newest first.
    package let rotations: [Rotation]
}

extension EscrowService {
    /// Volumes and their keys, filtered, within the caller's scope.
    package func keys(
        _ filter: KeyFilter,
        _ page: PageRequest,
        by caller: Caller
    ) async throws(EscrowError) -> Page<KeyListing> {
        try await self.require(.listKeys, by: caller, on: .scope)
        return try await self.snapshot { (reader) throws(StoreError) in
            var filter = filter
            filter.scope = caller.scope
            return try reader.keyListings(filter, page)
        }
    }

    /// Devices within the caller's scope, by the beginning of their name if one is given.
    package func devices(
        namePrefix: String?,
        _ page: PageRequest,
        by caller: Caller
    ) async throws(EscrowError) -> Page<Device> {
        try await self.require(.listKeys, by: caller, on: .scope)
        return try await self.snapshot { (reader) throws(StoreError) in
            try reader.deviceListings(scope: caller.scope, namePrefix: namePrefix, page)
        }
    }

    /// All that is known of a device, and no secret.
    package func deviceKeys(_ id: GUID, by caller: Caller) async throws(EscrowError) -> DeviceKeys {
        let found = try await self.snapshot { (reader) throws(StoreError) -> DeviceKeys? in
            guard let device = try reader.device(id) else { return nil }
            return try Self.keys(of: device, in: reader)
        }
        guard let found else { throw .notFound }
        try await self.require(
            .readDevice,
            by: caller,
            on: .device(id, group: found.device.group, owner: found.device.facts.owner)
        )
        return found
    }

    static func keys(of device: Device, in reader: Reader) throws(StoreError) -> DeviceKeys {
        var volumes: [DeviceKeys.VolumeKeys] = []
        for volume in try reader.volumes(of: device) {
            let keys = try reader.keys(of: volume).sorted { $0.row > $1.row }
            let rotation = try reader.openRotation(of: volume)
            volumes.append(DeviceKeys.VolumeKeys(volume: volume, keys: keys, openRotation: rotation))
        }
        return DeviceKeys(
            device: device,
            volumes: volumes.filter(\.volume.isPresent) + volumes.filter { !$0.volume.isPresent },
            rotations: try reader.rotations(of: device, limit: 20)
        )
    }

    /// Takes a device out of use. Its keys stay, and can be disclosed, until their retention ends.
    package func retire(_ id: GUID, by caller: Caller) async throws(EscrowError) -> Device {
        let now = self.clock()
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Device> in
            guard var device = try transaction.device(id) else { return .refused(.notFound) }
            guard let permit = self.permit(.retireDevice, by: caller, on: device, at: now) else {
                return self.refusal(of: .retireDevice, by: caller, on: device)
            }
            guard device.state == .active else { return .done(device, []) }
            device.state = .retired
            device.keysPurgeAfter = self.settings.retiredRetention.map { now + $0 }
            var events = [permit.event(.deviceRetired, device: device)]
            for volume in try transaction.volumes(of: device) {
                var transition = try self.transition(volume, of: device, in: transaction, permit)
                try transition.advance(.cancelled, in: transaction)
                try transition.settle(in: transaction)
                events += transition.events
            }
            try transaction.update(device)
            return .done(device, events)
        }
    }

    /// Keeps a device's keys from being purged, or no longer.
    package func setLegalHold(_ hold: Bool, on id: GUID, by caller: Caller) async throws(EscrowError) -> Device {
        let now = self.clock()
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Device> in
            guard var device = try transaction.device(id) else { return .refused(.notFound) }
            guard let permit = self.permit(.setLegalHold, by: caller, on: device, at: now) else {
                return self.refusal(of: .setLegalHold, by: caller, on: device)
            }
            guard device.isOnLegalHold != hold else { return .done(device, []) }
            device.isOnLegalHold = hold
            try transaction.update(device)
            let event = permit.event(.deviceLegalHold, device: device, detail: hold ? "on" : "off")
            return .done(device, [event])
        }
    }
}
