import BitLocker
import EscrowModel
import FoundationEssentials
import Glibc

/// What a fleet of simulated devices is made of.
///
/// The devices with given images come first, those that do something wrong after them, unencrypted ones last.
package struct FleetPlan: Sendable {
    /// How many devices.
    package var devices: Int
    /// The folder with a folder for each device.
    package var stateFolder: String
    /// The enrolment token.
    package var enrolmentToken: String
    /// Volumes that are given, for one device each from the first on; they are changed in place.
    package var images: [String] = []
    /// Recovery passwords that open the given volumes.
    package var imagePasswords: [String] = []
    /// How many devices, counted from the last, do not have BitLocker enabled.
    package var unencrypted = 0
    /// What faulty devices do wrong.
    package var faults: [Fault] = []
    /// How many devices have each of the faults.
    package var faultyEach = 1
    /// How many devices, from the first on, need their recovery password once.
    package var recoveries = 0
    /// Where each device is stopped, beside what its fault stops.
    package var interruption: Interruption?
    /// The size of the volumes that are formatted, in bytes: a multiple of 4096, at least 2 MiB.
    package var volumeSize: UInt64 = 2 << 20

    /// Makes a plan.
    package init(devices: Int, stateFolder: String, enrolmentToken: String) {
        self.devices = devices
        self.stateFolder = stateFolder
        self.enrolmentToken = enrolmentToken
    }

    /// How a device is run.
    func device(_ index: Int) -> SimulatedDevice.Plan {
        SimulatedDevice.Plan(
            enrolmentToken: self.enrolmentToken,
            fault: self.fault(of: index),
            interruption: self.interruption,
            hasRecovery: index < self.recoveries
        )
    }

    /// The fault of a device: the last encrypted devices have them, `faultyEach` each.
    package func fault(of index: Int) -> Fault? {
        let fromEnd = self.devices - self.unencrypted - 1 - index
        guard fromEnd >= 0, self.faultyEach > 0, fromEnd / self.faultyEach < self.faults.count else { return nil }
        return self.faults[fromEnd / self.faultyEach]
    }

    /// Opens a device that has run before, or makes a new one.
    func openOrMakeDevice(_ index: Int) throws -> DeviceHome {
        let number = String(index + 1)
        let padded = String(repeating: "0", count: max(0, 4 - number.count)) + number
        let folder = "\(self.stateFolder)/device-\(padded)"
        if let home = try DeviceHome(opening: folder) { return home }
        var generator = SystemRandomNumberGenerator()
        var state = DeviceState(
            id: GUID.random(using: &generator),
            name: "PC-\(padded)",
            serial: "SIM-\(padded)",
            owner: "user\(number)@example.com",
            operatingSystem: "Windows 11 Pro 24H2 (simulated)"
        )
        try DeviceHome.createFolder(folder)
        let keys = UnlockingKeys(folder: folder)
        if index >= self.devices - self.unencrypted {
            let id = GUID.random(using: &generator)
            state.disks = [DeviceState.Disk(id: id, kind: .operatingSystem, label: "C:", image: nil)]
        } else if self.images.indices.contains(index) {
            state.disks = [try self.given(self.images[index], keys)]
        } else {
            state.disks = [try self.formatted(in: folder, of: state.name, keys, &generator)]
        }
        return try DeviceHome(creating: folder, state: state)
    }

    private func given(_ image: String, _ keys: UnlockingKeys) throws -> DeviceState.Disk {
        guard let path = realpath(image, nil) else {
            throw SimulatorError.system(operation: "open", path: image, errorNumber: errno)
        }
        defer { free(path) }
        let absolute = String(cString: path)
        try keys.keep(passwords: self.imagePasswords)
        // Tried now, so that a password that does not fit is known before the device is.
        let editor = try keys.open(absolute)
        guard let metadata = editor.volume.newest else { throw SimulatorError.lockedImage(path: image) }
        return DeviceState.Disk(id: metadata.volumeID, kind: .operatingSystem, label: "C:", image: absolute)
    }

    private func formatted(
        in folder: String,
        of name: String,
        _ keys: UnlockingKeys,
        _ generator: inout SystemRandomNumberGenerator
    ) throws -> DeviceState.Disk {
        let image = folder + "/c.img"
        // Of a device that was killed before it was whole.
        unlink(image)
        let tpm = SimulatedTPM.generate(using: &generator)
        try keys.keep(tpm)
        let result = try VolumeFormatter(description: "\(name) OSDisk").format(
            newFileAt: image,
            content: .empty(size: self.volumeSize),
            recoveryPassword: RecoveryPassword.generate(using: &generator),
            simulatedTPM: tpm,
            now: Date(),
            using: &generator
        )
        return DeviceState.Disk(id: result.volumeID, kind: .operatingSystem, label: "C:", image: "c.img")
    }
}
