package import EscrowModel
import EscrowPolicy
import EscrowStore

extension EscrowService {
    /// The caller's own devices with their volumes and keys, those in use first; at most so many.
    package func ownDevices(by owner: Caller, limit: Int = 50) async throws(EscrowError) -> [DeviceKeys] {
        try await self.require(.listOwnDevices, by: owner, on: .scope)
        guard let userName = owner.userName else { return [] }
        return try await self.snapshot { (reader) throws(StoreError) -> [DeviceKeys] in
            var found: [DeviceKeys] = []
            for device in try reader.devices(ownedBy: userName, limit: limit)
            where owner.owns(deviceOf: device.facts.owner) {
                found.append(try Self.keys(of: device, in: reader))
            }
            return found.filter { $0.device.state == .active } + found.filter { $0.device.state != .active }
        }
    }

    /// The keys of the caller's own devices that begin with the digits of a recovery screen. What somebody else's device has
    /// is not looked at.
    package func ownKeys(_ keyID: KeyFilter.KeyID, by owner: Caller) async throws(EscrowError) -> [KeyListing] {
        try await self.require(.listOwnDevices, by: owner, on: .scope)
        guard let userName = owner.userName else { return [] }
        var filter = KeyFilter(scope: .everything)
        filter.keyID = keyID
        filter.owner = userName
        return try await self.snapshot { [filter] (reader) throws(StoreError) in
            try reader.keyListings(filter, PageRequest(limit: 20)).items
                .filter { owner.owns(deviceOf: $0.device.facts.owner) }
        }
    }
}
