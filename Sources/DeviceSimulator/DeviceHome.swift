import BitLocker
import Crypto
import DurableFiles
import EscrowModel
import FoundationEssentials

/// A device's folder: what it remembers, its key, its volumes and what stands for its TPM.
struct DeviceHome: Sendable {
    /// The most that is read of a file: none of the simulator's own is larger.
    static let largestFile = 1 << 20

    /// The folder.
    let path: String
    /// What the device remembered when its folder was opened.
    let state: DeviceState
    /// The device's own key, which signs its requests.
    let key: P256.Signing.PrivateKey

    /// Opens the folder of a device that has run before; nil when there is none.
    init?(opening path: String) throws {
        guard let state = try DeviceState.load(from: path + "/device.json") else { return nil }
        guard let pem = try DurableFile.read(path + "/device-key.pem", atMost: DeviceHome.largestFile),
            let key = try? P256.Signing.PrivateKey(pemRepresentation: String(decoding: pem, as: UTF8.self))
        else { throw SimulatorError.unusableState(path: path + "/device-key.pem") }
        self.path = path
        self.state = state
        self.key = key
    }

    /// Makes the folder of a new device. The state is written last: without it the folder does not count.
    init(creating path: String, state: DeviceState) throws {
        try Self.createFolder(path)
        let key = P256.Signing.PrivateKey()
        try DurableFile.replace(path + "/device-key.pem", with: Array(key.pemRepresentation.utf8))
        try state.save(to: path + "/device.json")
        self.path = path
        self.state = state
        self.key = key
    }

    /// Writes what the device is to remember.
    func save(_ state: DeviceState) throws { try state.save(to: self.path + "/device.json") }

    /// The encrypted volume of a disk; nil when BitLocker is not enabled on it.
    func volume(of disk: DeviceState.Disk) -> SimulatedVolume? {
        disk.image.map { image in
            SimulatedVolume(image: image.hasPrefix("/") ? image : self.path + "/" + image, secrets: self.path)
        }
    }
}
