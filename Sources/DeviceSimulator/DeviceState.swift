import BitLocker
import DurableFiles
import EscrowModel
import FoundationEssentials

/// All that a simulated device remembers from one run to the next, apart from its key and its volumes.
struct DeviceState: Codable, Sendable {
    /// A volume of the device.
    struct Disk: Codable, Sendable {
        /// The volume ID. Of an encrypted volume it is what the FVE metadata says.
        var id: GUID
        /// What it is for.
        var kind: Volume.Kind
        /// Where Windows would show it.
        var label: String
        /// The file with the volume; nil for a volume that BitLocker is not enabled on.
        var image: String?
    }

    /// A protector that the device was told to add.
    struct Addition: Codable, Sendable {
        /// The instruction's ID.
        var instruction: GUID
        /// On which volume.
        var volume: GUID
        /// The protectors that were on the volume before: whatever else is there was added for this instruction.
        var before: [GUID]
    }

    /// A recovery that is still to be reported.
    struct Recovery: Codable, Sendable {
        /// The volume that was unlocked.
        var volume: GUID
        /// The protector that unlocked it.
        var protector: GUID
    }

    /// The device ID.
    var id: GUID
    /// The computer name.
    var name: String
    /// The serial number.
    var serial: String
    /// Whose device it is.
    var owner: String
    /// The operating system.
    var operatingSystem: String
    /// Whether the server knows the device's key.
    var isEnrolled = false
    /// The volumes.
    var disks: [Disk] = []
    /// What was begun and perhaps not finished. Written before the volume is touched, so that a device that was killed
    /// finds the protector again instead of adding a second one.
    var additions: [Addition] = []
    /// Recoveries that no check-in has reported yet.
    var recoveries: [Recovery] = []
    /// Whether the device has had the recovery that it was to have.
    var hasRecovered = false
    /// Whether the device has already replaced its protector behind the server's back.
    var hasReplacedProtector = false

    /// Reads the state of a device that has run before; nil when the file is not there.
    static func load(from path: String) throws -> DeviceState? {
        guard let bytes = try DurableFile.read(path, atMost: DeviceHome.largestFile) else { return nil }
        do {
            return try JSONDecoder().decode(DeviceState.self, from: Data(bytes))
        } catch {
            throw SimulatorError.unusableState(path: path)
        }
    }

    /// Writes the state so that a kill at any moment leaves either the old or the new one.
    func save(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try DurableFile.replace(path, with: Array(try encoder.encode(self)))
    }
}
