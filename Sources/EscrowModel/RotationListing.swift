/// Which rotations of the whole fleet a list shows.
package enum RotationChoice: String, CaseIterable, Sendable {
    /// Not ended and within its deadline; the next to end first.
    case underWay
    /// Not ended, and the device that is to do something has not been heard from for days; the longest asked for first.
    case stuck
    /// Ended; the latest first.
    case ended
}

/// A rotation with its device.
package struct RotationListing: Equatable, Sendable {
    /// The rotation.
    package let rotation: Rotation
    /// The device of its volume.
    package let device: Device

    /// Makes it from its parts.
    package init(rotation: Rotation, device: Device) {
        self.rotation = rotation
        self.device = device
    }
}
