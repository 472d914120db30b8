import EscrowAPI
import EscrowService

extension DeviceKeysDocument {
    /// Shows a device with its keys.
    init(_ found: DeviceKeys) {
        self.init(
            device: DeviceDocument(found.device),
            volumes: found.volumes.map { volume in
                VolumeKeys(
                    volume: VolumeDocument(volume.volume),
                    keys: volume.keys.map(KeyDocument.init),
                    rotation: volume.openRotation.map(RotationDocument.init)
                )
            },
            rotations: found.rotations.map(RotationDocument.init)
        )
    }
}
